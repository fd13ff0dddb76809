import { afterEach } from '@jest/globals'
import { Cancelled } from '../../src/base/errors.ts'
import type { Exchange } from '../../src/checks/exchange.ts'
import type { Metrics } from '../../src/checks/prometheus/metrics.ts'
import { openSampler } from '../../src/checks/open-sampler.ts'
import { abort } from '../../src/commands/abort.ts'
import { cleanup } from '../../src/commands/cleanup.ts'
import { deploy } from '../../src/commands/deploy.ts'
import type { Invocation } from '../../src/commands/invocation.ts'
import { leave } from '../../src/commands/leave.ts'
import { plan } from '../../src/commands/plan.ts'
import { promote } from '../../src/commands/promote.ts'
import { recoverOwn } from '../../src/commands/recover-own.ts'
import { rollback } from '../../src/commands/rollback.ts'
import { status } from '../../src/commands/status.ts'
import { targetOf } from '../../src/commands/target.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { readRecord } from '../../src/domain/read-record.ts'
import type { Release } from '../../src/domain/record.ts'
import type { Ports } from '../../src/execute/release-run.ts'
import { type Command, type Inputs, readInputs } from '../../src/inputs/inputs.ts'
import type { Cluster } from '../../src/kubernetes/cluster.ts'
import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { Manifest } from '../../src/kubernetes/manifests.ts'
import type { Deployment, KubernetesObject, Pod, Service } from '../../src/kubernetes/objects.ts'
import { printSelector, selects } from '../../src/kubernetes/selectors.ts'
import { templateHash } from '../../src/kubernetes/workload.ts'
import type { ReleaseOrigin } from '../../src/plan/begin-release.ts'
import { DRAIN } from '../../src/plan/drain.ts'
import { run as obey } from '../../src/run.ts'
import type { Entry } from '../../src/smoke/entry.ts'
import { Controllers } from '../support/memory/controllers.ts'
import { FakeClock, type ProcessClock } from '../support/memory/fake-clock.ts'
import { JobController } from '../support/memory/job-controller.ts'
import { MemoryCluster, type Call, type Hooks } from '../support/memory/memory-cluster.ts'
import { deploymentRef, NAMESPACE, service, serviceRef, workload } from '../support/memory/shop.ts'
import { tell } from '../support/memory/tell.ts'

export {
  autoscaler,
  autoscalerRef,
  deploymentRef,
  leaseRef,
  manifest,
  NAMESPACE,
  service,
  serviceRef,
  workload,
  workloadLeaseRef
} from '../support/memory/shop.ts'

/** A cluster in which a workload runs, and people who use it. */
export interface Scene {
  readonly clock: FakeClock
  readonly cluster: MemoryCluster
  readonly controllers: Controllers
  readonly jobs: JobController
  /** What users would have noticed so far. */
  readonly harm: readonly string[]
  /** What has become of Service, Deployments and autoscaler, change by change. */
  readonly story: readonly string[]
  run(options?: RunOptions): Run
  service(): Service
  record(): Release | undefined
  deployment(name: string): Deployment
  /** Does something so many milliseconds after the story has come to a line with this text for the first time. */
  when(text: string, ms: number, work: () => unknown): Promise<void>
  /** `app=web -> v1 3`: the selector of a Service, and the ready pods behind it by version. */
  traffic(service?: string): string
}

export interface RunOptions extends Hooks {
  readonly id?: string
  /** Of the lock: two steps of one job have the same id. */
  readonly holder?: string
  /** The commit that it releases. */
  readonly sha?: string
  readonly inputs?: Readonly<Record<string, string>>
  readonly manifests?: readonly Manifest[]
  /** Where a probe asks. */
  readonly entry?: Entry
  /** Gets what the run prints of the cluster. */
  readonly quote?: (text: string) => void
  /** What answers for Prometheus. */
  readonly metrics?: Metrics
  /** What answers for all others that checks ask. */
  readonly exchange?: Exchange
  /** The cluster as the run is to see it. */
  readonly through?: (cluster: Cluster) => Cluster
}

/** One start of the action: its own process, with inputs. */
export interface Run {
  readonly clock: ProcessClock
  deploy(): Promise<Outcome>
  promote(): Promise<Outcome>
  abort(): Promise<Outcome>
  rollback(): Promise<Outcome>
  status(): Promise<Outcome>
  plan(): Promise<Outcome>
  cleanup(): Promise<Outcome>
  leave(): Promise<Outcome>
  /** What a command is asked for. */
  asked(command: Command): Invocation
  /** What the input `command` says, with the outcome that is told if that throws. */
  obey(): Promise<Outcome>
  /** The post step of this run. */
  post(hooks?: Hooks): Promise<string | undefined>
  cancel(): void
  /** The process is gone: nothing of it happens any more. */
  kill(): void
}

const clocks: FakeClock[] = []
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.stop()
})

/** @param released Services that are to see one version at a time; of all others, that somebody serves behind them is enough */
export async function openScene(
  objects: readonly KubernetesObject[] = [workload(), service()],
  released: readonly string[] = [serviceRef.name]
): Promise<Scene> {
  const clock = new FakeClock({ auto: true })
  clocks.push(clock)
  const cluster = new MemoryCluster(clock)
  const controllers = new Controllers(cluster)
  const jobs = new JobController(cluster)
  for (const object of objects) cluster.create(object)
  await clock.sleep(30_000)
  const harm: string[] = []
  for (const { metadata } of objects.filter(({ kind }) => kind === 'Service'))
    watchUsers(cluster, metadata.name, released.includes(metadata.name), harm)
  const story = tellStory(cluster)
  let runs = 0
  const scene: Scene = {
    clock,
    cluster,
    controllers,
    jobs,
    harm,
    story,
    run: (options = {}) => openRun(scene, { id: `${(runs += 1)}-1`, ...options }),
    service: () => found(cluster.read<Service>(serviceRef)),
    record: () => readRecord(scene.service()),
    deployment: (name) => found(cluster.read<Deployment>(deploymentRef(name))),
    when: (text, ms, work) => when(scene, text, ms, work),
    traffic: (name) => describeTraffic(scene, name)
  }
  return scene
}

async function when(
  { cluster, clock, story }: Scene,
  text: string,
  ms: number,
  work: () => unknown
): Promise<void> {
  const begin = story.length
  const come = Promise.withResolvers<undefined>()
  const stop = cluster.subscribe(() => {
    if (story.slice(begin).some((line) => line.includes(text))) come.resolve(undefined)
  })
  await come.promise.finally(stop)
  await clock.sleep(ms)
  await work()
}

/** Where a release of blue to green is, as the story tells it. */
export const STARTED = 'deployment/web-green 3 x'
export const SERVING = '(running 100 %)'
export const PROMOTED = '(promoted 0 %)'
export const RESTORED = '(aborting 0 %)'

/** Of one run, each counted when it is sent and when it is answered. */
const MOST_CALLS = 5000

function openRun({ cluster, clock: world }: Scene, options: RunOptions & { readonly id: string }): Run {
  const clock = world.process()
  const cancelled = new AbortController()
  let calls = 0
  const alive = async (hook: Hooks['before'], call: Call): Promise<void> => {
    if ((calls += 1) > MOST_CALLS) throw new Error('the run goes on asking the cluster without end')
    await clock.awake()
    await hook?.(call)
    await clock.awake()
  }
  const none = (): void => undefined
  const ports: Ports = {
    clock,
    cluster: (options.through ?? ((seen) => seen))(
      cluster.connect({
        before: (call) => alive(options.before, call),
        after: (call) => alive(options.after, call),
        isSilent: options.isSilent ?? (() => false)
      })
    ),
    log: {
      group: none,
      endGroup: none,
      line: none,
      warning: none,
      error: none,
      quote: options.quote ?? none
    },
    ...(options.entry === undefined ? {} : { entry: options.entry })
  }
  const inputs = inputsOf(options.inputs)
  const { workload = { kind: 'deployment', name: 'web' } } = inputs
  const target = targetOf({ inputs: { ...inputs, workload }, namespace: NAMESPACE, manifests: [] })
  const { id, holder = `${id}-a`, manifests = [], sha, metrics, exchange = nobody } = options
  const origin: ReleaseOrigin = {
    release: id,
    holder,
    run: `https://ci/${id}`,
    startedAt: world.now(),
    ...(sha === undefined ? {} : { sha })
  }
  const asked = (command: Command): Invocation => ({
    inputs: { ...inputs, command },
    target,
    manifests,
    createSampler: (...wanted) => openSampler({ ...inputs, metrics, exchange }, ports.clock, ...wanted),
    origin,
    ports,
    signal: cancelled.signal
  })
  return {
    clock,
    deploy: () => deploy(asked('deploy')),
    promote: () => promote(asked('promote')),
    abort: () => abort(asked('abort')),
    rollback: () => rollback(asked('rollback')),
    status: () => status(asked('status')),
    plan: () => plan(asked('plan')),
    cleanup: () => cleanup(asked('cleanup')),
    leave: () => leave(asked('leave')),
    asked,
    obey: () => obey(asked(inputs.command)),
    post: (hooks) =>
      recoverOwn({
        target,
        origin,
        inputs,
        ports: { ...ports, clock: world, cluster: cluster.connect(hooks) }
      }),
    cancel: () => {
      cancelled.abort(new Cancelled('the run was cancelled (SIGINT)'))
    },
    kill: () => {
      clock.stop()
    }
  }
}

const nobody: Exchange = ({ url }) => Promise.reject(new Error(`nobody is to ask ${url}`))

export function inputsOf(given: Readonly<Record<string, string>> = {}): Inputs {
  const values: Readonly<Record<string, string>> = { workload: 'web', images: 'shop/web:2', ...given }
  return readInputs((name) => values[name] ?? '')
}

export function found<T>(object: T | undefined): T {
  if (object === undefined) throw new Error('it does not exist')
  return object
}

const versionOf = ({ spec }: Pod): string => `v${spec.containers[0]?.image?.split(':')[1] ?? '?'}`

function behind(cluster: MemoryCluster, name: string): Pod[] {
  const { spec } = found(cluster.read<Service>({ ...serviceRef, name }))
  return cluster
    .all<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE })
    .filter((pod) => !isEnding(pod) && isReady(pod) && selects(spec.selector, pod.metadata.labels))
}

function describeTraffic(scene: Scene, name = serviceRef.name): string {
  const versions = behind(scene.cluster, name).map(versionOf)
  const counts = [...new Set(versions)].map(
    (version) => `${version} ${versions.filter((one) => one === version).length}`
  )
  const { spec } = found(scene.cluster.read<Service>({ ...serviceRef, name }))
  return `${printSelector(spec.selector)} -> ${counts.join(', ') || 'nobody'}`
}

/**
 * Looks at the traffic in the moment of every change: somebody has to serve, of one version only, and whoever has
 * served may not be ended before proxies and clients have let go of it.
 */
function watchUsers(cluster: MemoryCluster, name: string, isReleased: boolean, harm: string[]): void {
  const ref = { ...serviceRef, name }
  const lastServed = new Map<string, number>()
  let serving = behind(cluster, name)
  let hadPods = name === serviceRef.name || serving.length > 0
  const note = (what: string): void => {
    const { spec } = found(cluster.read<Service>(ref))
    const where = name === serviceRef.name ? '' : `service/${name}: `
    const line = `${where}${what} (${printSelector(spec.selector)})`
    if (harm.at(-1) !== line) harm.push(line)
  }
  cluster.subscribe((now, before) => {
    for (const { metadata } of serving) lastServed.set(metadata.name, cluster.clock.now())
    if (cluster.read(ref) === undefined) return
    serving = behind(cluster, name)
    if (serving.length > 0) hadPods = true
    else if (hadPods) note('nobody serves')
    if (!isReleased) return
    if (new Set(serving.map(templateHash)).size > 1) note('two versions serve')
    const ends = now.kind === 'Pod' && now.metadata.deletionTimestamp !== before?.metadata.deletionTimestamp
    const served = lastServed.get(now.metadata.name)
    if (ends && served !== undefined && cluster.clock.now() - served < DRAIN)
      note(`${versionOf(now as Pod)} was ended without a drain`)
  })
}

function tellStory(cluster: MemoryCluster): readonly string[] {
  const story: string[] = []
  cluster.subscribe((now, before) => {
    const line = tell(now, cluster)
    if (line !== undefined && (before === undefined || line !== tell(before, cluster))) story.push(line)
  })
  return story
}

/** What the workload's own objects say, without the bookkeeping of the API server. */
export function essence(object: KubernetesObject): unknown {
  const { status: _, metadata, ...rest } = object as KubernetesObject & { status?: unknown }
  return { ...rest, name: metadata.name, labels: metadata.labels }
}
