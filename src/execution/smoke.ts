import { ReleaseFailed } from '../errors.ts'
import { printSmokeTest } from '../grammar/smoke-test.ts'
import type { SmokeTest } from '../grammar/smoke-test.ts'
import type { Pod } from '../kubernetes/objects.ts'
import type { SmokeResult } from '../outcome.ts'
import { runSmokeTest } from '../smoke/index.ts'
import type { ReleaseRun } from './run-state.ts'
import { runChecks } from './watching.ts'

/**
 * Runs every smoke test on these pods, in order; the first that fails ends it.
 * While a load line gives the canary traffic, the checks judge it: no user has been on it yet.
 */
export async function runSmokeTestsOn(
  run: ReleaseRun,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<string> {
  for (const test of run.settings.smokeTests) {
    const result =
      test.kind === 'load'
        ? await loadUnderChecks(run, test, pods, signal)
        : await once(run, test, pods, signal)
    run.ports.log.quote(`${result.passed ? '✓' : '✗'} ${printSmokeTest(test)}   ${result.detail}`)
    if (!result.passed)
      throw new ReleaseFailed(`smoke test failed: ${printSmokeTest(test)}: ${firstLine(result.detail)}`)
  }
  for (const { metadata } of pods) run.tested.add(metadata.uid ?? '')
  return `${run.settings.smokeTests.length} tests passed on ${pods.length} pods`
}

/** The output of a command follows in the report. */
const firstLine = (text: string): string => text.split('\n')[0] ?? ''

async function once(
  run: ReleaseRun,
  test: SmokeTest,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<SmokeResult> {
  const target = {
    namespace: run.namespace,
    slot: run.canary.slot,
    port: run.port,
    pods: pods.map(({ metadata }) => metadata.name)
  }
  const result = await runSmokeTest(
    test,
    target,
    run.ports,
    { judgedByChecks: run.sampler !== undefined },
    signal
  )
  run.smokeTests.push(result)
  return result
}

/** A check that fails ends the load as well; a load line that fails ends the measuring. */
async function loadUnderChecks(
  run: ReleaseRun,
  test: SmokeTest,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<SmokeResult> {
  if (run.sampler === undefined) return once(run, test, pods, signal)
  const done = new AbortController()
  const both = AbortSignal.any([signal, done.signal])
  let result: SmokeResult | undefined
  const load = once(run, test, pods, both).then((ended) => (result = ended))
  try {
    const checks = runChecks(
      run,
      run.sampler,
      { name: printSmokeTest(test), isOver: () => result !== undefined },
      both
    )
    const first = await Promise.race([load, checks.then(() => undefined)])
    if (first?.passed === false) return first
    await checks
    return await load
  } finally {
    done.abort()
    await load.catch(() => undefined)
  }
}
