import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'

/** Kinds that run something of their own beside the workload. */
const RUNS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'])

interface Tried {
  readonly manifest: Manifest
  /** The object as the API server would keep it, if it can tell yet. */
  readonly kept: KubernetesObject | undefined
}

/** Warns of workloads that are applied and changed but not watched, so that nobody takes the verdict for theirs. */
export function unwatched(tried: readonly Tried[]): string[] {
  const found = tried.filter((one) => RUNS.has(one.manifest.object.kind) && !staysAsItIs(one))
  if (found.length === 0) return []
  const names = found.map(
    ({ manifest: { object, source } }) => `${object.kind} ${object.metadata.name} (${source})`
  )
  const are = found.length === 1 ? 'is' : 'are'
  return [
    `${names.join(', ')} ${are} applied at once and not watched; only the workload is released step by step`
  ]
}

/** Whether nothing would change: its controller has observed the generation that the API server would keep. */
function staysAsItIs({ kept }: Tried): boolean {
  if (kept === undefined) return false
  const { metadata, status } = kept as Partial<Deployment> & KubernetesObject
  return metadata.generation !== undefined && status?.observedGeneration === metadata.generation
}
