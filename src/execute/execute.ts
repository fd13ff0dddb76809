import { counted } from '../base/counted.ts'
import { messageOf, ReleaseFailed, Undecided } from '../base/errors.ts'
import type { TimelineEntry } from '../domain/outcome.ts'
import type { Release } from '../domain/record.ts'
import { ofTemplate } from '../domain/slots.ts'
import { describe, type Step } from '../plan/step.ts'
import { throughOutages } from '../traffic/through-outages.ts'
import { apply } from './apply.ts'
import { awaitReady } from './await-ready.ts'
import { confirm, replace, takeOver } from './in-place/replace.ts'
import { awaitUndone, undo } from './in-place/undo.ts'
import { runJob } from './jobs/run-job.ts'
import { practiceOf } from './practice.ts'
import type { ReleaseRun } from './release-run.ts'
import { awaitRoutes } from './route-writers.ts'
import { drain } from './steps/drain.ts'
import { ensureStable } from './steps/ensure-stable.ts'
import { pointAutoscaler } from './steps/point-autoscaler.ts'
import { resize } from './steps/resize.ts'
import { retire, scaleDown } from './steps/scale-down.ts'
import { begin, finish, follow, prepareRoutes, restore, settle, shift, wait } from './steps/shift.ts'
import { start } from './steps/start.ts'
import { watch } from './steps/watch.ts'
import { smokeCanary } from './verify.ts'
import { awaitWatchdog, startWatchdog, stopWatchdog } from './watchdog/steps.ts'

type Of<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>
type Doer<Kind extends Step['kind']> = (
  step: Of<Kind>,
  run: ReleaseRun,
  signal: AbortSignal
) => Promise<string>

/**
 * Does the steps one by one. The only place, with what it calls in `execute/`, where time passes and things
 * are written.
 * @throws what made the first failing step fail; the steps after it are not done
 */
export async function execute(steps: readonly Step[], run: ReleaseRun, signal: AbortSignal): Promise<void> {
  for (const step of steps) await perform(step, run, signal)
}

async function perform(step: Step, run: ReleaseRun, signal: AbortSignal): Promise<void> {
  const { clock, log } = run.ports
  const title = describe(step, {
    stable: run.progress.stable.deployment,
    canary: run.progress.canary.deployment
  })
  const startedAt = clock.now()
  const note = (status: TimelineEntry['status'], detail: string): void => {
    run.journal.timeline.push({ title, startedAt, milliseconds: clock.now() - startedAt, status, detail })
  }
  log.group(title)
  try {
    const attempt = async (): Promise<string> => {
      signal.throwIfAborted()
      await run.lock.assure()
      return (doers[step.kind] as Doer<Step['kind']>)(step, run, signal)
    }
    const detail = await throughOutages(attempt, run.ports, signal)
    note('done', detail)
    log.line(detail)
  } catch (error) {
    note(error instanceof Undecided ? 'undecided' : 'failed', messageOf(error))
    throw error
  } finally {
    log.endGroup()
  }
}

/** Its selectors with what a plain canary is selected by, which is known only when its pods are there. */
function selecting(release: Release, hash: string): Release {
  const { selectors } = release
  return { ...release, selectors: { ...selectors, canary: ofTemplate(selectors.canary, hash) } }
}

const doers: { readonly [Kind in Step['kind']]: Doer<Kind> } = {
  async apply({ manifest }, run) {
    const { kind, metadata } = await apply(manifest.object, run.ports.cluster)
    run.progress.applied.add(`${kind.toLowerCase()}/${metadata.name}`)
    return `${kind} ${metadata.name} is as the manifest says`
  },
  'run-job': (step, run, signal) => runJob(run, step, signal),
  start: ({ deployment, live }, run, signal) => start(run, deployment, live, signal),
  async 'await-ready'(_, run, signal) {
    const { progress } = run
    if (progress.deployment === undefined) throw new ReleaseFailed('no Deployment was started')
    const awaited = { timeout: run.settings.timeout, outdated: progress.outdated }
    const { pods, hash } = await awaitReady(progress.deployment, awaited, run.ports, signal)
    progress.pods = pods
    progress.canary = { ...progress.canary, hash }
    progress.release = selecting(progress.release, hash)
    return `${pods.length} of ${counted(pods.length, 'pod')} ready, template ${hash}`
  },
  'start-watchdog': ({ image }, run) => startWatchdog(run, image),
  'await-watchdog': (_, run, signal) => awaitWatchdog(run, signal),
  'stop-watchdog': (_, run) => stopWatchdog(run),
  smoke: (_, run, signal) => smokeCanary(run, signal),
  'point-autoscaler': ({ to }, run) => pointAutoscaler(run, to),
  begin: (_, run) => begin(run),
  withhold: (_, run) => begin(run),
  withdraw: (_, run) => restore(run),
  resize: ({ split }, run, signal) => resize(run, split, signal),
  'prepare-routes': (_, run, signal) => prepareRoutes(run, signal),
  shift: ({ split, step }, run, signal) => shift(run, split, step, signal),
  watch: ({ name, duration }, run, signal) => watch(run, name, duration, signal),
  wait: (_, run) => wait(run),
  follow: ({ hopeless = false }, run, signal) => follow(run, hopeless, signal),
  restore: (_, run) => restore(run),
  'await-routes': (_, run, signal) => awaitRoutes(run, signal),
  'ensure-stable': (_, run, signal) => ensureStable(run, signal),
  replace: ({ deployment }, run) => replace(run, deployment),
  'take-over': (_, run, signal) => takeOver(run, signal),
  confirm: ({ after }, run) => confirm(run, after),
  undo: (_, run) => undo(run),
  'await-undone': (_, run, signal) => awaitUndone(run, signal),
  'collect-evidence': (_, run) => practiceOf(run).collectEvidence(run),
  drain: ({ duration }, run, signal) => drain(run, duration, signal),
  'scale-down': ({ side }, run, signal) => scaleDown(run, side, signal),
  retire: ({ deployment }, run, signal) => retire(run, deployment, signal),
  finish: (step, run) => finish(run, step),
  settle: ({ selector, outcome }, run) => settle(run, selector, outcome)
}
