import { counted } from '../../base/counted.ts'
import { ReleaseFailed } from '../../base/errors.ts'
import type { MeasuredVersion } from '../../checks/measured-version.ts'
import type { Sampler } from '../../checks/sampler.ts'
import type { SmokeResult } from '../../domain/outcome.ts'
import { isBound } from '../../inputs/check-line.ts'
import { nameSmokeTest, printSmokeTest, type SmokeTest } from '../../inputs/smoke-test.ts'
import type { Pod } from '../../kubernetes/objects.ts'
import type { Entrance } from '../../kubernetes/ports.ts'
import { runSmokeTest } from '../../smoke/index.ts'
import type { Checked } from '../checked.ts'
import type { Journal, Ports } from '../release-run.ts'
import { runChecks } from './run-checks.ts'

/** A release whose new pods are tested, whoever brings them. */
export interface Tested {
  readonly namespace: string
  readonly slot: string
  readonly entrance: Entrance
  readonly ports: Ports
  readonly journal: Pick<Journal, 'smokeTests'>
  readonly sampler: Sampler | undefined
  readonly checked: Checked
  /** As they are under a load line: no user comes. */
  readonly canary: () => MeasuredVersion
}

/** A smoke test, and which of them it is, from 1. */
export interface NumberedTest {
  readonly test: SmokeTest
  readonly number: number
}

/**
 * Runs these smoke tests on these pods, in order; the first that fails ends it.
 * While a load line gives the new version traffic, the checks judge it: no user has been on it yet.
 */
export async function runTests(
  tested: Tested,
  tests: readonly NumberedTest[],
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<string> {
  for (const numbered of tests) {
    const { test, number } = numbered
    const result =
      test.kind === 'load'
        ? await loadUnderChecks(tested, numbered, pods, signal)
        : await once(tested, numbered, pods, signal)
    tell(tested, result)
    if (!result.passed)
      throw new ReleaseFailed(`smoke test failed: ${nameSmokeTest(test, number)}: ${result.detail}`)
  }
  return `${counted(tests.length, 'test')} passed on ${counted(pods.length, 'pod')}`
}

/** Only the log shows the line and the answer, because the runner masks secrets there. */
function tell({ ports }: Tested, { test, passed, detail, evidence = '' }: SmokeResult): void {
  ports.log.quote(`${passed ? '✓' : '✗'} ${printSmokeTest(test)}   ${detail}`)
  // The output of a command was shown while it ran.
  if (!passed && evidence !== '' && test.kind !== 'command') ports.log.quote(evidence)
}

async function once(
  { namespace, slot, entrance, ports, checked, journal }: Tested,
  { test, number }: NumberedTest,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<SmokeResult> {
  const target = { namespace, slot, entrance, pods: pods.map(({ metadata }) => metadata.name) }
  const judgedByChecks = checked.settings.checks.some(isBound)
  const result = await runSmokeTest(test, target, { ...ports, judgedByChecks, number }, signal)
  journal.smokeTests.push(result)
  return result
}

/** A check that fails ends the load as well; a load line that fails ends the measuring. */
async function loadUnderChecks(
  tested: Tested,
  numbered: NumberedTest,
  pods: readonly Pod[],
  signal: AbortSignal
): Promise<SmokeResult> {
  const { sampler, checked, canary, ports } = tested
  if (sampler === undefined) return once(tested, numbered, pods, signal)
  const done = new AbortController()
  const both = AbortSignal.any([signal, done.signal])
  const { clock } = ports
  const startedAt = clock.now()
  let length = Infinity
  const load = once(tested, numbered, pods, both).finally(() => (length = clock.now() - startedAt))
  try {
    const step = { name: nameSmokeTest(numbered.test, numbered.number), startedAt }
    const watched = { step: () => step, length: () => length, canary, underUsers: false }
    const checks = runChecks(checked, sampler, watched, both)
    const first = await Promise.race([load, checks.then(() => undefined)])
    if (first?.passed === false) return first
    await checks
    return await load
  } finally {
    done.abort()
    await load.catch(() => undefined)
  }
}
