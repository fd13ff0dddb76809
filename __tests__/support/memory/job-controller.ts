import { WATCHDOG_LABEL } from '../../../src/execute/watchdog/job.ts'
import { endOf, type Job } from '../../../src/kubernetes/job.ts'
import { isEnding } from '../../../src/kubernetes/health.ts'
import type { Pod } from '../../../src/kubernetes/objects.ts'
import { refOf, type MemoryCluster } from './memory-cluster.ts'

/** What becomes of a pod of a Job: it runs so long and ends with this code, or it never gets so far. */
export type JobLife =
  { readonly runs: number; readonly exitCode: number } | { readonly stuck: NonNullable<Pod['status']> }

const STARTS_AFTER = 500
const LAG = 5

/** Jobs get their pods, and end when these do, or when their time is over. */
export class JobController {
  /** How a pod fares; the next ones may fare otherwise. */
  life: (pod: Pod) => JobLife = () => ({ runs: 2000, exitCode: 0 })
  readonly #cluster: MemoryCluster
  #pods = 0

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster
    cluster.subscribe((now, before) => {
      // What becomes of a watchdog's is for its own stories.
      if (now.kind !== 'Job' || now.metadata.labels?.[WATCHDOG_LABEL] !== undefined) return
      const isGone = now.metadata.deletionTimestamp !== undefined
      if (before === undefined || isGone || now.metadata.generation !== before.metadata.generation)
        this.#soon(LAG, () => {
          this.#reconcile(now as unknown as Job)
        })
    })
  }

  #soon(ms: number, work: () => void): void {
    if (Number.isFinite(ms)) void this.#cluster.clock.sleep(ms).then(work, () => undefined)
  }

  podsOf({ metadata: { name, namespace } }: Job): readonly Pod[] {
    return this.#cluster.all<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels: `job-name=${name}` })
  }

  #reconcile(seen: Job): void {
    const job = this.#cluster.read<Job>(refOf(seen))
    if (job === undefined) {
      for (const pod of this.podsOf(seen)) this.#cluster.remove(refOf(pod))
      return
    }
    if (endOf(job) !== undefined) return
    const { backoffLimit = 6, activeDeadlineSeconds, suspend } = job.spec
    if (activeDeadlineSeconds !== undefined && this.#ageOf(job) >= activeDeadlineSeconds * 1000) {
      this.#end(job, 'Failed', 'DeadlineExceeded', 'Job was active longer than specified deadline')
      return
    }
    if (activeDeadlineSeconds !== undefined)
      this.#soon(activeDeadlineSeconds * 1000 - this.#ageOf(job), () => {
        this.#reconcile(job)
      })
    const pods = this.podsOf(job)
    const failed = pods.filter(({ status }) => status?.phase === 'Failed').length
    if (pods.some(({ status }) => status?.phase === 'Succeeded')) this.#end(job, 'Complete', '', '')
    else if (failed > backoffLimit)
      this.#end(job, 'Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit')
    else if (suspend !== true && pods.every(isEnding)) this.#start(job, failed)
  }

  #ageOf = ({ metadata }: Job): number =>
    this.#cluster.clock.now() - Date.parse(metadata.creationTimestamp ?? '')

  #start(job: Job, failed: number): void {
    const { namespace = '', name, uid = '' } = job.metadata
    const { template } = job.spec
    const pod = this.#cluster.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${name}-${String((this.#pods += 1)).padStart(5, '0')}`,
        namespace,
        labels: { ...template.metadata?.labels, 'job-name': name },
        ownerReferences: [{ kind: 'Job', name, uid }]
      },
      spec: template.spec
    }) as unknown as Pod
    this.#cluster.setStatus(refOf(pod), { phase: 'Pending' })
    this.#cluster.setStatus(refOf(job), { active: 1, failed })
    const life = this.life(pod)
    this.#soon(STARTS_AFTER, () => {
      this.#change(pod, 'stuck' in life ? life.stuck : running(pod))
    })
    if ('stuck' in life) return
    this.#soon(STARTS_AFTER + life.runs, () => {
      this.#change(pod, ended(pod, life.exitCode))
      this.#reconcile(job)
    })
  }

  #change(pod: Pod, status: NonNullable<Pod['status']>): void {
    if (this.#cluster.read(refOf(pod)) !== undefined) this.#cluster.setStatus(refOf(pod), status)
  }

  /** What still runs is deleted. */
  #end(job: Job, type: 'Complete' | 'Failed', reason: string, message: string): void {
    for (const pod of this.podsOf(job).filter((one) => !isEnding(one))) this.#cluster.remove(refOf(pod))
    this.#cluster.setStatus(refOf(job), { conditions: [{ type, status: 'True', reason, message }] })
  }
}

const nameIn = ({ spec }: Pod): string => spec.containers[0]?.name ?? ''

/** A pod with a gate that nobody opens is never ready. */
const running = (pod: Pod): NonNullable<Pod['status']> => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: (pod.spec.readinessGates ?? []).length > 0 ? 'False' : 'True' }],
  containerStatuses: [{ name: nameIn(pod), ready: true, restartCount: 0, state: { running: {} } }]
})

const ended = (pod: Pod, exitCode: number): NonNullable<Pod['status']> => ({
  phase: exitCode === 0 ? 'Succeeded' : 'Failed',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    {
      name: nameIn(pod),
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' } }
    }
  ]
})
