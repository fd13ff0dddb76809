import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { Lease, Pod } from '../../src/kubernetes/objects.ts'
import { EPOCH } from '../support/memory/fake-clock.ts'
import type { MemoryCluster } from '../support/memory/memory-cluster.ts'
import type { HttpRoute } from '../support/memory/gateway-controller.ts'
import type { Stored } from '../support/memory/stored.ts'
import { tell } from '../support/memory/tell.ts'
import { ownerOf, podsIn } from './users.ts'

/** What has happened, line by line. */
export interface Story {
  readonly lines: readonly string[]
  note(who: string, what: string): void
}

export function openStory(cluster: MemoryCluster): Story {
  const lines: string[] = []
  const lineOf = (who: string, what: string): string => {
    const time = ((cluster.clock.now() - EPOCH) / 1000).toFixed(3).padStart(9)
    return `${time} s  ${who.padEnd(10)}  ${what}`
  }
  const note = (who: string, what: string): void => void lines.push(lineOf(who, what))
  cluster.subscribe((now, before, writer) => {
    if (now.kind === 'Pod') {
      if (before === undefined || stateOf(before as Pod) === stateOf(now as Pod)) return
      const line = lineOf('pods', countPods(now as Pod, cluster))
      // All that happens to one Deployment at once is one line.
      const [time = ''] = line.split(':')
      if (lines.at(-1)?.startsWith(`${time}:`) === true) lines.pop()
      lines.push(line)
      return
    }
    const line = lineFor(now, cluster)
    if (line !== undefined && (before === undefined || line !== lineFor(before, cluster))) note(writer, line)
  })
  return { lines, note }
}

function lineFor(object: Stored, cluster: MemoryCluster): string | undefined {
  const { kind, metadata } = object
  if (kind === 'HTTPRoute') return `httproute/${metadata.name} ${printRules(object as HttpRoute)}`
  if (kind === 'Lease') return `lock ${(object as Lease).spec?.holderIdentity ?? ''}`
  return tell(object, cluster)
}

const stateOf = (pod: Pod): string => (isEnding(pod) ? 'ending' : String(isReady(pod)))

function countPods(pod: Pod, cluster: MemoryCluster): string {
  const name = ownerOf(pod)
  const pods = podsIn(cluster).filter((one) => ownerOf(one) === name)
  return `of ${name}: ${pods.length}, ${pods.filter(isReady).length} ready`
}

const printRules = ({ spec }: HttpRoute): string =>
  spec.rules
    .map(({ matches, backendRefs, filters }) =>
      [
        ...(matches?.some(({ headers }) => headers !== undefined) ? ['header:'] : []),
        ...backendRefs.map(({ name, weight }) => (weight === undefined ? name : `${name} ${weight}`)),
        ...(filters === undefined ? [] : ['and mirror'])
      ].join(' ')
    )
    .join('; ')
