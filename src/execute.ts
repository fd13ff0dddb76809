import { ClusterError, ReleaseFailed } from './errors.ts'
import { collectEvidence } from './execution/evidence.ts'
import { confirmEndpoints } from './execution/endpoints.ts'
import { awaitReady } from './execution/readiness.ts'
import type { ReleaseRun } from './execution/run-state.ts'
import { ensureStable } from './execution/stable.ts'
import { runSmokeTestsOn } from './execution/smoke.ts'
import { finish, settle, shift } from './execution/switch.ts'
import { bake } from './execution/watching.ts'
import type { Ref } from './kubernetes/cluster.ts'
import { isEnding, isOwnedBy } from './kubernetes/health.ts'
import type { Deployment, Pod } from './kubernetes/objects.ts'
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
    const { cluster } = run.ports
    const exists = deployment.metadata.resourceVersion !== undefined
    run.deployment = await (exists ? cluster.replace(deployment) : cluster.create(deployment))
    return `deployment/${deployment.metadata.name} ${exists ? 'updated' : 'created'}`
  },
  async 'await-ready'(_, run, signal) {
    if (run.deployment === undefined) throw new ReleaseFailed('no Deployment was started')
    const { pods, hash } = await awaitReady(run.deployment, run.settings.timeout, run.ports, signal)
    run.pods = pods
    run.canary = { ...run.canary, hash }
    return `${pods.length} of ${pods.length} pods ready, template ${hash}`
  },
  smoke: (_, run, signal) => runSmokeTestsOn(run, run.pods, signal),
  'point-autoscaler': ({ to }, run) => pointAutoscaler(run, to),
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
  finish: (_, run) => finish(run),
  settle: ({ selector, outcome }, run) => settle(run, selector, outcome)
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
  await run.ports.cluster.patch(
    { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace: run.namespace, name },
    [{ op: 'replace', path: '/spec/scaleTargetRef/name', value: run[to].deployment }]
  )
  return `horizontalpodautoscaler/${name} scales deployment/${run[to].deployment}`
}

/** To 0, and until its pods have begun to end: from then on no selector can send them traffic. */
async function scaleDown(run: ReleaseRun, side: Side, signal: AbortSignal): Promise<string> {
  const ref = deploymentRef(run, side)
  try {
    const deployment = await run.ports.cluster.patch<Deployment>(ref, [
      { op: 'add', path: '/spec/replicas', value: 0 }
    ])
    await untilEnding(run, deployment, signal)
    run[side] = { ...run[side], replicas: 0 }
    return `deployment/${ref.name} is kept with 0 replicas`
  } catch (error) {
    if (error instanceof ClusterError && error.status === 404) return `there is no deployment/${ref.name}`
    throw error
  }
}

async function untilEnding(run: ReleaseRun, deployment: Deployment, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  const ended = AbortSignal.any([signal, done.signal])
  const all = Promise.withResolvers<undefined>()
  const labels = printSelector(deployment.spec.selector.matchLabels)
  const onChange = (pods: readonly Pod[]): void => {
    if (pods.every((pod) => isEnding(pod) || !isOwnedBy(deployment, pod))) all.resolve(undefined)
  }
  run.ports.cluster
    .watch<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: run.namespace, labels }, onChange, ended)
    .catch(all.reject)
  run.ports.clock.sleep(run.settings.timeout, ended).then(() => {
    all.resolve(undefined)
  }, all.reject)
  try {
    await all.promise
  } finally {
    done.abort()
  }
}
