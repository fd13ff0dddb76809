import { describe, expect, it } from '@jest/globals'
import { describeFault, InputError } from '../../../src/base/errors.ts'
import { parseGates, printGates } from '../../../src/inputs/gates.ts'
import { readInputs } from '../../../src/inputs/inputs.ts'

describe('gates', () => {
  it.each(['approve', 'checks', 'checks for 5m', 'checks for 0s'])('%s reads back as itself', (text) => {
    const parsed = parseGates(text)
    expect('value' in parsed && printGates(parsed.value)).toBe(text)
  })

  it.each([
    ['check', '"check" is neither approve, nor checks; did you mean checks?'],
    ['approve for 5m', '"approve for 5m" is neither approve, nor checks'],
    ['checks for 5', '"5" is not a duration'],
    ['checks for a while', '"a while" is not a duration']
  ])('%s is refused', (text, problem) => {
    const parsed = parseGates(text)
    expect('problem' in parsed && parsed.problem).toContain(problem)
  })
})

/** What the user gets to read. */
function faults(given: Readonly<Record<string, string>>): readonly string[] {
  try {
    readInputs((name) => given[name] ?? '')
    return []
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.faults.map(describeFault)
  }
}

describe('gates beside the other inputs', () => {
  const CHECKS = { checks: 'success-rate >= 99%', prometheus: 'http://prometheus', gates: 'checks' }

  it('are those of a controller', () => {
    expect(faults({ workload: 'rollout/web', ...CHECKS })).toEqual([])
    expect(faults({ workload: 'web', ...CHECKS })).toEqual([
      expect.stringMatching(/^gates: gates are the pauses of a controller .* deployment\/web has none/)
    ])
    // The default is given by the runner where nobody has set it.
    expect(faults({ workload: 'web', gates: 'approve' })).toEqual([])
  })

  it('need checks to pass', () => {
    expect(faults({ workload: 'rollout/web', gates: 'checks for 5m' })).toEqual([
      'gates: gates: checks for 5m lets a version go on that has passed every check, and there are no checks — for example: checks: success-rate >= 99%'
    ])
  })

  it('have no metrics of a router, which call both versions alike', () => {
    const inputs = { workload: 'rollout/web', ...CHECKS }
    expect(faults({ ...inputs, metrics: 'istio' })).toEqual([
      'metrics: the versions of rollout/web cannot be told apart in the metrics of istio, only in those of their pods — for example: no metrics, or metrics: http'
    ])
    expect(faults({ ...inputs, metrics: 'http' })).toEqual([])
  })
})
