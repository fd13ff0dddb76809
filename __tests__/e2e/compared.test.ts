import { expect, jest } from '@jest/globals'
import { playTogether } from '../support/cluster/live-suite.ts'
import { playNoisy, type NoisyEnd, type Regression } from '../support/cluster/noisy.ts'

/** Releases of a noisy service whose new version is compared with stable, by a Prometheus that scrapes every 5 s. */

const release = (regression: Regression, inputs: Readonly<Record<string, string>> = {}): Promise<NoisyEnd> =>
  playNoisy({
    regression,
    every: 5,
    history: 60,
    inputs: {
      strategy: 'canary',
      steps: '25% for 75s\n50% for 75s\n100%',
      checks: 'like stable',
      'warm-up': '30s',
      'check-interval': '5s',
      ...inputs
    }
  })

playTogether(
  {
    // That it cannot be told may be true in so short a time, and is no rollback. A machine that does much else makes one pod slower
    // than the next, so what is allowed is wider than that.
    'a good version is not rolled back': async () => {
      const { result, reason, summary } = await release('good', {
        checks: 'error-rate <= stable + 1%\nlatency <= stable * 2'
      })
      expect([reason, result]).toEqual([reason, expect.stringMatching(/^(promoted|waiting)$/)])
      expect(summary).toMatch(/\| `error-rate <= stable \+ 1%` \| [\d.]+% failed \| [\d.]+%/)
    },
    'a version that fails half of its requests is out at once': async () => {
      const { result, reason, failedCheck, seconds } = await release('crash')
      expect({ result, failedCheck }).toEqual({ result: 'rolled-back', failedCheck: 'like stable' })
      expect(reason).toMatch(/ requests failed until .*: a crash, seen in \d+ scrapes$/)
      expect(seconds).toBeLessThan(120)
    },
    'a slower version is rolled back for its latency': async () => {
      const { result, reason, failedCheck } = await release('latency x1.5')
      expect({ result, failedCheck }).toEqual({ result: 'rolled-back', failedCheck: 'like stable' })
      expect(reason).toMatch(/ requests took over \d+ ms since .*, stable .* in the same minutes: /)
    },
    'a version that fails more often is rolled back for its errors, all users on it at once': async () => {
      const all = { strategy: 'blue-green', steps: '', bake: '2m', checks: 'error-rate <= stable + 0.2%' }
      const { result, reason } = await release('errors x50', all)
      expect(result).toBe('rolled-back')
      expect(reason).toMatch(/^error-rate was .* before the release: /)
    }
  },
  4
)
jest.setTimeout(900_000)
