import { ClusterError, ReleaseFailed } from './errors.ts'
import { collectEvidence } from './execution/evidence.ts'
import { confirmEndpoints } from './execution/endpoints.ts'
import { awaitReady } from './execution/readiness.ts'
import type { ReleaseRun } from './execution/run-state.ts'
import { ensureStable, growWithStable } from './execution/stable.ts'
import { runSmokeTestsOn } from './execution/smoke.ts'
import { finish, settle, shift } from './execution/switch.ts'
import { bake } from './execution/watching.ts'
import { formatDuration } from './grammar/duration.ts'
import type { Ref } from './kubernetes/cluster.ts'
import type { Deployment, Pod } from './kubernetes/objects.ts'
import { isOwnedBy, templateHash } from './kubernetes/health.ts'
import { printSelector } from './kubernetes/selectors.ts'
import { describe } from './plan.ts'
import type { Side, Step } from './plan.ts'

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>
type Doer<Kind extends Step['kind']> = (
  step: Of<Kind>,
  run: ReleaseRun,
  signal: AbortSignal
) => Promise<string>

/**
 * Does the steps one by one. The only place, with what it calls in `execution/`, where time passes and things
 * are written.
 * @throws what made the first failing step fail; the steps after it are not done
 */
export async function execute(steps: readonly Step[], run: ReleaseRun, signal: AbortSignal): Promise<void> {
  for (const step of steps) await perform(step, run, signal)
}

async function perform(step: Step, run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { clock, log } = run.ports
  const title = describe(step, { stable: run.stable.deployment, canary: run.canary.deployment })
  const startedAt = clock.now()
  const note = (status: 'done' | 'failed', detail: string): void => {
    run.timeline.push({ title, startedAt, milliseconds: clock.now() - startedAt, status, detail })
  }
  log.group(title)
  try {
    signal.throwIfAborted()
    await run.lock.assure()
    const detail = await (doers[step.kind] as Doer<Step['kind']>)(step, run, signal)
    note('done', detail)
    log.line(detail)
  } catch (error) {
    note('failed', error instanceof Error ? error.message : String(error))
    throw error
  } finally {
    log.endGroup()
  }
}

const doers: { readonly [Kind in Step['kind']]: Doer<Kind> } = {
  async apply({ manifest }, run) {
    const { kind, metadata } = await run.ports.cluster.apply(manifest.object)
    return `${kind} ${metadata.name} is as the manifest says`
  },
  async start({ deployment }, run) {
    const exists = deployment.metadata.resourceVersion !== undefined
    if (exists) run.outdated = await templatesIn(deployment, run)
    run.deployment = await (exists ? update(deployment, run) : run.ports.cluster.create(deployment))
    if (run.deployment.metadata.generation === deployment.metadata.generation) run.outdated = new Set()
    return `deployment/${deployment.metadata.name} ${exists ? 'updated' : 'created'}`
  },
  async 'await-ready'(_, run, signal) {
    if (run.deployment === undefined) throw new ReleaseFailed('no Deployment was started')
    const { pods, hash } = await awaitReady(
      run.deployment,
      run.settings.timeout,
      run.ports,
      signal,
      run.outdated
    )
    run.pods = pods
    run.canary = { ...run.canary, hash }
    return `${pods.length} of ${pods.length} pods ready, template ${hash}`
  },
  smoke: (_, run, signal) => runSmokeTestsOn(run, run.pods, signal),
  async 'point-autoscaler'({ to }, run, signal) {
    if (to === 'canary') await growWithStable(run, signal)
    return pointAutoscaler(run, to)
  },
  async shift({ weight }, run, signal) {
    const detail = await shift(run, weight, weight === 0 && run.begun ? 'aborting' : 'running', signal)
    if (weight === 100) await confirmEndpoints(run, signal)
    return detail
  },
  bake: ({ duration }, run, signal) => bake(run, duration, signal),
  'ensure-stable': (_, run, signal) => ensureStable(run, signal),
  'collect-evidence': (_, run) => collectEvidence(run),
  async drain({ duration }, run, signal) {
    await run.ports.clock.sleep(duration, signal)
    return 'no new traffic in this time'
  },
  'scale-down': ({ side }, run, signal) => scaleDown(run, side, signal),
  finish: ({ settle: selector }, run) => finish(run, selector),
  settle: ({ selector, outcome }, run) => settle(run, selector, outcome)
}

/** What still runs in the slot is on its way out: that it cannot run says nothing against what comes. */
async function templatesIn(
  deployment: Deployment,
  { ports, namespace }: ReleaseRun
): Promise<ReadonlySet<string>> {
  const { matchLabels } = deployment.spec.selector
  const pods = await ports.cluster.list<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    namespace,
    labels: printSelector(matchLabels)
  })
  return new Set(pods.filter((pod) => isOwnedBy(deployment, pod)).map(templateHash))
}

/** A status that was written since it was read is no reason to stop; another spec is somebody's work. */
async function update(deployment: Deployment, { ports }: ReleaseRun): Promise<Deployment> {
  try {
    return await ports.cluster.replace(deployment)
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 409)) throw error
    const { apiVersion, kind, metadata } = deployment
    const live = await ports.cluster.get<Deployment>({
      apiVersion,
      kind,
      namespace: metadata.namespace,
      name: metadata.name
    })
    if (live?.metadata.generation !== metadata.generation) throw error
    return ports.cluster.replace({
      ...deployment,
      metadata: { ...metadata, resourceVersion: live?.metadata.resourceVersion ?? '' }
    })
  }
}

const deploymentRef = (run: ReleaseRun, side: Side): Ref => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: run.namespace,
  name: run[side].deployment
})

/** Before the traffic follows: an autoscaler that minds an idle version would shrink it. */
async function pointAutoscaler(run: ReleaseRun, to: Side): Promise<string> {
  const name = run.initial.autoscaler
  if (name === undefined) return 'there is none'
  const ref = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    namespace: run.namespace,
    name
  }
  try {
    await run.ports.cluster.patch(ref, [
      { op: 'replace', path: '/spec/scaleTargetRef/name', value: run[to].deployment }
    ])
    return `horizontalpodautoscaler/${name} scales deployment/${run[to].deployment}`
  } catch (error) {
    if (!(error instanceof ClusterError && error.status === 404)) throw error
    return `horizontalpodautoscaler/${name} is gone`
  }
}

/** To 0, and until its pods have begun to end: from then on no selector can send them traffic. */
async function scaleDown(run: ReleaseRun, side: Side, signal: AbortSignal): Promise<string> {
  const ref = deploymentRef(run, side)
  try {
    const deployment = await run.ports.cluster.patch<Deployment>(ref, [
      { op: 'add', path: '/spec/replicas', value: 0 }
    ])
    await untilWithoutPods(run, deployment, signal)
    run[side] = { ...run[side], replicas: 0 }
    return `deployment/${ref.name} is kept with 0 replicas`
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return `there is no deployment/${ref.name}`
    throw error
  }
}

/** The controller has seen it, and counts no pod that is not ending: from then on no selector can send it traffic. */
const hasNoPods = ({ metadata, status }: Deployment, generation: number): boolean =>
  (metadata.generation ?? 0) >= generation &&
  (status?.observedGeneration ?? 0) >= generation &&
  (status?.replicas ?? 0) === 0

async function untilWithoutPods(run: ReleaseRun, deployment: Deployment, signal: AbortSignal): Promise<void> {
  const { cluster, clock } = run.ports
  const { namespace, name, generation = 0 } = deployment.metadata
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  const gone = Promise.withResolvers<undefined>()
  const onChange = ([live]: readonly Deployment[]): void => {
    if (live === undefined || hasNoPods(live, generation)) gone.resolve(undefined)
  }
  const watched = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, fields: `metadata.name=${name}` }
  cluster.watch<Deployment>(watched, onChange, ended, deployment).catch(gone.reject)
  const late = new ReleaseFailed(
    `deployment/${name} still has pods ${formatDuration(run.settings.timeout)} after it was scaled to 0`
  )
  clock.sleep(run.settings.timeout, ended).then(() => {
    gone.reject(late)
  }, gone.reject)
  try {
    await gone.promise
  } finally {
    done.abort()
  }
}
