import { messageOf } from '../../base/errors.ts'
import type { PodEvidence } from '../../domain/outcome.ts'
import { statusesOf } from '../../kubernetes/health.ts'
import { podsOfJob, type Job } from '../../kubernetes/job.ts'
import type { ClusterEvent, Pod } from '../../kubernetes/objects.ts'
import { evidenceOf, MOST_PODS } from '../steps/collect-evidence.ts'
import type { ReleaseRun } from '../release-run.ts'

/** What the pods of a Job had to say, as far as it is there to read. */
export interface Words {
  readonly tellPods: (pods: readonly Pod[]) => void
  /** Of the pods that are there still, newest first; else what was read when one of them crashed. */
  readonly collect: () => Promise<readonly PodEvidence[]>
}

/** Follows the pods of a Job. Those that are restarted in place are gone, with their log, once their Job has failed. */
export function listenTo(job: Job, run: ReleaseRun): Words {
  const told = new Set<string>()
  const readings: Promise<void>[] = []
  let kept: PodEvidence | undefined
  const keep = async (pod: Pod): Promise<void> => {
    const evidence = await evidenceOf(run, pod, []).catch(() => undefined)
    if (evidence !== undefined && evidence.log.length > 0) kept = evidence
  }
  return {
    tellPods: (pods) => {
      for (const pod of pods.filter(restarts)) {
        const crash = crashOf(pod)
        if (crash === undefined || told.has(crash)) continue
        told.add(crash)
        readings.push(keep(pod))
      }
    },
    collect: async () => {
      await Promise.all(readings)
      const found = await readWords(job, run)
      return found.length > 0 ? found : kept === undefined ? [] : [kept]
    }
  }
}

const restarts = ({ spec }: Pod): boolean => spec.restartPolicy === 'OnFailure'

/** Tells the crashes of a pod apart; undefined where it has not crashed. */
function crashOf(pod: Pod): string | undefined {
  const crashed = statusesOf(pod).find(
    ({ restartCount, state }) =>
      state?.running === undefined && (restartCount > 0 || (state?.terminated?.exitCode ?? 0) !== 0)
  )
  return crashed && `${pod.metadata.uid ?? pod.metadata.name}/${crashed.name}/${crashed.restartCount}`
}

async function readWords(job: Job, run: ReleaseRun): Promise<readonly PodEvidence[]> {
  const { cluster } = run.ports
  try {
    const [pods, events] = await Promise.all([
      cluster.list<Pod>(podsOfJob(job)),
      cluster.list<ClusterEvent>({ apiVersion: 'v1', kind: 'Event', namespace: run.namespace })
    ])
    const newest = [...pods].sort((one, other) => madeAt(other) - madeAt(one)).slice(0, MOST_PODS)
    return await Promise.all(newest.map((pod) => evidenceOf(run, pod, events)))
  } catch (error) {
    run.journal.warnings.push(
      `events and logs of job/${job.metadata.name} could not be read: ${messageOf(error)}`
    )
    return []
  }
}

const madeAt = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0

/** `container migrate ended with exit code 1 (Error)`, of the newest pod that says so. */
export const exitIn = (pods: readonly Pod[]): string | undefined =>
  [...pods]
    .sort((one, other) => madeAt(other) - madeAt(one))
    .flatMap((pod) =>
      statusesOf(pod).flatMap(({ name, state, lastState }) => {
        const { exitCode = 0, reason = '' } = state?.terminated ?? lastState?.terminated ?? {}
        return exitCode === 0 ? [] : [`container ${name} ended with exit code ${exitCode} (${reason})`]
      })
    )[0]
