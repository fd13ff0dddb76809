import { counted } from '../../base/counted.ts'
import { messageOf, ReleaseFailed } from '../../base/errors.ts'
import { isEnding } from '../../kubernetes/health.ts'
import type { Pod } from '../../kubernetes/objects.ts'
import { printSelector } from '../../kubernetes/selectors.ts'
import { describeDriven } from '../../plan/driven-step.ts'
import { runTests, type NumberedTest, type Tested } from '../steps/smoke-tests.ts'
import { checkedDriven } from './checked.ts'
import { requireOurs } from './disturbed.ts'
import { objectTitle, type DrivenRun } from './driven-run.ts'
import { measuredNew } from './measured.ts'
import { untilState } from './until-state.ts'

/** How often pods may go away while they are tested. */
const RETESTS = 3

/** Pods of the new version that came up and have not passed the smoke tests. */
export const untestedPods = ({ progress, settings }: DrivenRun): readonly Pod[] =>
  settings.smokeTests.length === 0
    ? []
    : progress.pods.filter(({ metadata }) => !progress.tested.has(metadata.uid ?? ''))

/**
 * Runs the smoke tests on the pods of the new version that have not passed them yet; the first that fails ends it. A
 * failure does not count if one of them goes away: the others are tested again.
 */
export async function smokePods(run: DrivenRun, signal: AbortSignal): Promise<string> {
  for (let left = RETESTS; ; left -= 1) {
    const pods = untestedPods(run)
    if (pods.length === 0) return 'no new pod to test'
    const before = run.journal.smokeTests.length
    try {
      return await smoke(run, pods, signal)
    } catch (error) {
      if (!(error instanceof ReleaseFailed) || error.failedCheck !== undefined || left === 0) throw error
      const kept = await keptOf(run, pods)
      if (kept.length === pods.length) throw error
      run.journal.smokeTests.splice(before)
      run.progress.pods = kept
      run.ports.log.line(`a pod has gone away while it was tested: ${messageOf(error)}`)
    }
  }
}

/** Those that are still there. */
async function keptOf(
  { engine, namespace, ports, progress }: DrivenRun,
  pods: readonly Pod[]
): Promise<readonly Pod[]> {
  const found = engine.pods(progress.seen, 'new') ?? engine.pods(progress.seen, 'old')
  if (found === undefined) return pods
  const labels = printSelector(found.labels)
  const live = await ports.cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, labels })
  const uids = new Set(live.filter((pod) => !isEnding(pod)).map(({ metadata }) => metadata.uid))
  return pods.filter(({ metadata }) => uids.has(metadata.uid))
}

async function smoke(run: DrivenRun, pods: readonly Pod[], signal: AbortSignal): Promise<string> {
  const { progress } = run
  const done = new AbortController()
  const testing = AbortSignal.any([signal, done.signal])
  const share = usersOn(run)
  try {
    const disturbed = untilState<never>(
      run,
      (state) => {
        requireOurs(run, state)
      },
      testing
    )
    const detail = await Promise.race([
      runTests(testedOf(run), testsOf(run, share), pods, testing),
      disturbed
    ])
    for (const { metadata } of pods) progress.tested.add(metadata.uid ?? '')
    return share > 0 ? `${detail}, with ${share}% of the users on the new version already` : detail
  } finally {
    done.abort()
  }
}

/** Percent of the users who may meet the pods at this moment. */
function usersOn({ progress: { state, record } }: DrivenRun): number {
  if (state.at === 'rest') return state.stable === record.canary.hash ? 100 : 0
  return state.at === 'unseen' || state.wished !== record.canary.hash ? 0 : state.weight.now
}

/** A load is for pods that nobody is on. */
const testsOf = ({ settings }: DrivenRun, share: number): readonly NumberedTest[] =>
  settings.smokeTests
    .map((test, at) => ({ test, number: at + 1 }))
    .filter(({ test }) => share === 0 || test.kind !== 'load')

const testedOf = (run: DrivenRun): Tested => ({
  namespace: run.namespace,
  slot: 'canary',
  entrance: run.entrance,
  ports: run.ports,
  journal: run.journal,
  sampler: run.sampler,
  checked: checkedDriven(run, undefined),
  canary: () => measuredNew(run, 0)
})

const LOOK_AGAIN = 1000

/** Tests pods as they come, until the signal. @throws ReleaseFailed when one fails */
export async function testArrivals(run: DrivenRun, signal: AbortSignal): Promise<never> {
  for (;;) {
    await run.ports.clock.sleep(LOOK_AGAIN, signal)
    if (untestedPods(run).length > 0) await testLate(run, signal)
  }
}

/** Tests pods that came while others were watched, and tells it as a step of its own. */
export async function testLate(run: DrivenRun, signal: AbortSignal): Promise<void> {
  const { ports, journal, settings, engine } = run
  const names = { object: objectTitle(run), controller: engine.title }
  const title = describeDriven({ kind: 'smoke', tests: settings.smokeTests.length }, names)
  const startedAt = ports.clock.now()
  const note = (status: 'done' | 'failed', detail: string): void => {
    journal.timeline.push({ title, startedAt, milliseconds: ports.clock.now() - startedAt, status, detail })
  }
  try {
    const detail = await smokePods(run, signal)
    note('done', detail)
    ports.log.line(`${counted(settings.smokeTests.length, 'smoke test')} on pods that came later: ${detail}`)
  } catch (error) {
    if (!signal.aborted) note('failed', messageOf(error))
    throw error
  }
}
