import { ClusterError, ReleaseFailed } from './errors.ts'
import { pointAutoscaler } from './execution/autoscaler.ts'
import { collectEvidence } from './execution/evidence.ts'
import { awaitReady } from './execution/readiness.ts'
import { confirm, replace, takeOver } from './execution/in-place.ts'
import type { ReleaseRun } from './execution/run-state.ts'
import { awaitRoutes } from './execution/lanes.ts'
import { resize } from './execution/resize.ts'
import { scaleDown } from './execution/scale-down.ts'
import { ensureStable } from './execution/stable.ts'
import { runSmokeTestsOn } from './execution/smoke.ts'
import { begin, finish, follow, prepareRoutes, restore, settle, shift, wait } from './execution/switch.ts'
import { awaitUndone, collectReplaced, undo } from './execution/undo.ts'
import { watch } from './execution/watching.ts'
import type { Deployment, Pod } from './kubernetes/objects.ts'
import { isOwnedBy, templateHash } from './kubernetes/health.ts'
import { printSelector } from './kubernetes/selectors.ts'
import { describe } from './plan.ts'
import type { Step } from './plan.ts'

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
  'point-autoscaler': ({ to }, run) => pointAutoscaler(run, to),
  begin: (_, run) => begin(run),
  resize: ({ split }, run, signal) => resize(run, split, signal),
  'prepare-routes': (_, run, signal) => prepareRoutes(run, signal),
  shift: ({ split, step }, run, signal) => shift(run, split, step, signal),
  watch: ({ name, duration }, run, signal) => watch(run, name, duration, signal),
  wait: (_, run) => wait(run),
  follow: (_, run, signal) => follow(run, signal),
  restore: (_, run) => restore(run),
  'await-routes': (_, run, signal) => awaitRoutes(run, signal),
  'ensure-stable': (_, run, signal) => ensureStable(run, signal),
  replace: ({ deployment }, run) => replace(run, deployment),
  'take-over': (_, run, signal) => takeOver(run, signal),
  confirm: ({ after }, run) => confirm(run, after),
  undo: (_, run) => undo(run),
  'await-undone': (_, run, signal) => awaitUndone(run, signal),
  'collect-evidence': (_, run) =>
    run.initial.strategy === undefined ? collectEvidence(run) : collectReplaced(run),
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
