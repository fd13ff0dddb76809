import type { Judgement } from '../../../src/domain/judgement.ts'
import type { Outcome } from '../../../src/domain/outcome.ts'
import { judgementReason } from '../../../src/report/judgement.ts'
import { failedAtTenPerCent, promotedInSteps, waitingAtHalf } from './canary-outcomes.ts'
import { counts, errors, fineErrors, fineLatency, judgement, latency } from './judgements.ts'
import { start, step } from './outcomes.ts'

/** Ends of releases whose two versions were compared, and which have no fixed bound. */

/** The odds against the errors after each half minute from the second one on. */
const oddsOf = (...errorOdds: readonly number[]): Judgement['odds'] =>
  errorOdds.map((against, i) => ({
    at: start + 96_000 + i * 30_000,
    errors: Math.log(against),
    latency: -i / 2
  }))

const judged = (
  decision: Judgement['decision'],
  findings: Judgement['findings'],
  odds: Judgement['odds']
): Judgement => judgement(decision, { findings, odds, until: start + 300_000, judgedFrom: start + 66_000 })

const endedBy = (outcome: Outcome, found: Judgement): Outcome => ({
  ...outcome,
  judgement: found,
  measurements: [],
  reason: judgementReason(found)
})

const likeStable = judged({ kind: 'promote' }, [fineErrors, fineLatency], oddsOf(1.2, 0.8, 0.5, 0.3))

export const asGood: Outcome = { ...endedBy(promotedInSteps, likeStable), reason: '' }

const rolledBack: Outcome = { ...failedAtTenPerCent, failedCheck: 'like stable' }

export const worse = endedBy(
  rolledBack,
  judged(
    { kind: 'rollback', at: start, findings: [errors()] },
    [errors(), fineLatency],
    oddsOf(17, 710, 12_345)
  )
)

export const slower = endedBy(
  rolledBack,
  judged({ kind: 'rollback', at: start, findings: [latency()] }, [fineErrors, latency()], oddsOf(1, 0.8, 0.6))
)

export const crashed = endedBy(
  rolledBack,
  judged(
    {
      kind: 'rollback',
      at: start,
      crash: { at: start + 36_000, canary: counts(120, 60), stable: counts(1_080, 0), scrapesWithErrors: 2 }
    },
    [],
    []
  )
)

export const unheard = endedBy(
  rolledBack,
  judged({ kind: 'no-data', why: 'stale', pods: ['web-green-6c8d9f7b5-x2x9p'] }, [], [])
)

/** Prometheus went away after the last look. */
export const unanswered: Outcome = {
  ...endedBy(rolledBack, judged({ kind: 'hold', for: 'time' }, [fineErrors, fineLatency], oddsOf(1.2, 0.8))),
  reason:
    'the comparison with stable has no data: Prometheus does not answer (no data counts as a failed measurement: 3 of 3)'
}

const both = {
  since: start + 200_000,
  canary: counts(340, 17),
  stable: counts(1_020, 50),
  blocksWithErrors: 4
}

export const sufferingAlike: Outcome = {
  ...waitingAtHalf,
  judgement: judged(
    { kind: 'advance' },
    [errors({ isBad: false, logE: -0.5, counts: both, recent: both }), fineLatency],
    oddsOf(1.2, 4, 0.6)
  )
}

const leaning = errors({
  isBad: false,
  logE: Math.log(6.2),
  counts: { ...both, canary: counts(2_640, 3), stable: counts(10_080, 6), blocksWithErrors: 3 }
})

const notKnown = judged(
  { kind: 'inconclusive', why: 'leaning' },
  [leaning, fineLatency],
  oddsOf(1.2, 5.7, 14, 27, 6.2)
)

export const undecided: Outcome = {
  ...endedBy(waitingAtHalf, notKnown),
  undecided: true,
  timeline: [
    ...waitingAtHalf.timeline.slice(0, -1),
    step('50% for 5m: watch web-green', 306.4, 600_000, judgementReason(notKnown), 'undecided'),
    ...waitingAtHalf.timeline.slice(-1)
  ]
}

export const promotedUndecided: Outcome = {
  ...asGood,
  undecided: true,
  warnings: [
    `the release went on although it could not be told whether the new version is as good as stable: ${judgementReason(notKnown)}`
  ]
}

const { failedCheck: _, ...abortedAtTen } = failedAtTenPerCent

export const abortedUndecided: Outcome = { ...endedBy(abortedAtTen, notKnown), undecided: true }

const testersOnly = judgement(
  { kind: 'advance' },
  { crashOnly: true, findings: [], seen: counts(60, 1), odds: [] }
)

export const onlyTesters: Outcome = { ...waitingAtHalf, judgement: testersOnly }

export const comparedOutcomes = {
  asGood,
  worse,
  crashed,
  unheard,
  sufferingAlike,
  undecided,
  promotedUndecided
}
