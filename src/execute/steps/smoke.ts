import { counted } from '../../base/counted.ts'
import { ReleaseFailed } from '../../base/errors.ts'
import type { SmokeResult } from '../../domain/outcome.ts'
import { nameSmokeTest, printSmokeTest, type SmokeTest } from '../../inputs/smoke-test.ts'
import type { Pod } from '../../kubernetes/objects.ts'
import { runSmokeTest } from '../../smoke/index.ts'
import type { ReleaseRun } from '../release-run.ts'
import { runChecks } from './watch.ts'

/**
 * Runs every smoke test on these pods, in order; the first that fails ends it.
 * While a load line gives the canary traffic, the checks judge it: no user has been on it yet.
 */
export async function runSmokeTestsOn(
  run: ReleaseRun,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<string> {
  const { smokeTests } = run.settings
  for (const [at, test] of smokeTests.entries()) {
    const numbered = { test, number: at + 1 }
    const result =
      test.kind === 'load'
        ? await loadUnderChecks(run, numbered, pods, signal)
        : await once(run, numbered, pods, signal)
    tell(run, result)
    if (!result.passed)
      throw new ReleaseFailed(`smoke test failed: ${nameSmokeTest(test, at + 1)}: ${result.detail}`)
  }
  for (const { metadata } of pods) run.progress.tested.add(metadata.uid ?? '')
  return `${counted(smokeTests.length, 'test')} passed on ${counted(pods.length, 'pod')}`
}

/** Only the log shows the line and the answer, because the runner masks secrets there. */
function tell({ ports }: ReleaseRun, { test, passed, detail, evidence = '' }: SmokeResult): void {
  ports.log.quote(`${passed ? '✓' : '✗'} ${printSmokeTest(test)}   ${detail}`)
  // The output of a command was shown while it ran.
  if (!passed && evidence !== '' && test.kind !== 'command') ports.log.quote(evidence)
}

/** A smoke test, and which of them it is, from 1. */
interface Numbered {
  readonly test: SmokeTest
  readonly number: number
}

async function once(
  run: ReleaseRun,
  { test, number }: Numbered,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<SmokeResult> {
  const target = {
    namespace: run.namespace,
    slot: run.progress.canary.slot,
    entrance: run.entrance,
    pods: pods.map(({ metadata }) => metadata.name)
  }
  const result = await runSmokeTest(
    test,
    target,
    { ...run.ports, judgedByChecks: run.sampler !== undefined, number },
    signal
  )
  run.journal.smokeTests.push(result)
  return result
}

/** A check that fails ends the load as well; a load line that fails ends the measuring. */
async function loadUnderChecks(
  run: ReleaseRun,
  numbered: Numbered,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<SmokeResult> {
  if (run.sampler === undefined) return once(run, numbered, pods, signal)
  const done = new AbortController()
  const both = AbortSignal.any([signal, done.signal])
  let result: SmokeResult | undefined
  const load = once(run, numbered, pods, both).then((ended) => (result = ended))
  try {
    const name = nameSmokeTest(numbered.test, numbered.number)
    const step = { name, startedAt: run.ports.clock.now() }
    const checks = runChecks(run, run.sampler, { step, isOver: () => result !== undefined }, both)
    const first = await Promise.race([load, checks.then(() => undefined)])
    if (first?.passed === false) return first
    await checks
    return await load
  } finally {
    done.abort()
    await load.catch(() => undefined)
  }
}
