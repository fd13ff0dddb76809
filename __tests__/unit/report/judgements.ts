import type {
  Decision,
  ErrorCounts,
  ErrorFinding,
  Judgement,
  LatencyFinding
} from '../../../src/domain/judgement.ts'

/** 10:00:00 UTC. */
export const TEN = Date.UTC(2026, 10, 26, 10)

export const counts = (requests: number, errors: number): ErrorCounts['canary'] => ({ requests, errors })

export const errors = (given: Partial<ErrorFinding> = {}): ErrorFinding => ({
  metric: 'errors',
  check: { kind: 'like-stable' },
  logE: Math.log(12_345),
  isBad: true,
  isLarge: true,
  beforeAfter: false,
  hidden: 0.5,
  counts: {
    since: TEN + 270_000,
    canary: counts(340, 12),
    stable: counts(9_812, 3),
    blocksWithErrors: 9
  },
  recent: { since: TEN + 480_000, canary: counts(120, 4), stable: counts(3_300, 1), blocksWithErrors: 3 },
  ...given
})

export const latency = (given: Partial<LatencyFinding> = {}): LatencyFinding => ({
  metric: 'latency',
  check: { kind: 'like-stable' },
  logE: Math.log(1_400),
  isBad: true,
  beforeAfter: false,
  hidden: 1.25,
  counts: {
    since: TEN + 270_000,
    edge: 0.25,
    canary: { requests: 1_350, slow: 163, share: 0.121 },
    stable: { requests: 9_000, slow: 315, share: 0.035 },
    slowerBlocks: { count: 11, of: 12 },
    slowerPods: { count: 2, of: 2 }
  },
  shape: { kind: 'slow share', times: 4, share: 0.05 },
  ...given
})

/** What speaks for the new version. */
export const fineErrors = errors({
  isBad: false,
  isLarge: false,
  logE: -1.2,
  hidden: 0.002,
  counts: { since: TEN, canary: counts(5_420, 4), stable: counts(16_900, 13), blocksWithErrors: 3 }
})

export const fineLatency = latency({
  isBad: false,
  logE: -3,
  hidden: 1,
  counts: {
    since: TEN,
    edge: 0.25,
    canary: { requests: 5_420, slow: 190, share: 0.035 },
    stable: { requests: 16_900, slow: 575, share: 0.034 },
    slowerBlocks: { count: 21, of: 40 },
    slowerPods: { count: 1, of: 2 }
  }
})

/** The same where nobody tells pods apart. */
export function atRouter({ counts: found, ...finding }: LatencyFinding): LatencyFinding {
  if (found === undefined) return finding
  const { slowerPods: _, ...mixed } = found
  return { ...finding, counts: mixed }
}

/** A look at 10:10:00 at a release that began at 10:00:00, two blocks after the warm-up at least. */
export const judgement = (decision: Decision, given: Partial<Judgement> = {}): Judgement => ({
  decision,
  findings: [fineErrors, fineLatency],
  seen: counts(5_600, 5),
  until: TEN + 600_000,
  judgedFrom: TEN + 60_000,
  block: 30_000,
  odds: [
    { at: TEN + 90_000, errors: -0.2, latency: -30 },
    { at: TEN + 120_000, errors: 1, latency: -0.7 }
  ],
  ...given
})
