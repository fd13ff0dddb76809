import { LEAST_REQUESTS, type Finding, type Judgement } from '../../domain/judgement.ts'
import { comparisonsOf } from '../steps/compare.ts'
import type { DrivenRun } from './driven-run.ts'

/**
 * A timed pause is the controller's: it gives all users the new version whether or not the comparison has come to anything.
 * That is told, since nobody could wait for it.
 */
export function tellUnproven(run: DrivenRun): void {
  const { engine, journal, progress, sampler } = run
  const isBeside = engine.shares(progress.seen.object).some(({ weight }) => weight < 100)
  if (sampler === undefined || comparisonsOf(run).length === 0 || !isBeside) return
  // What was undecided where it could wait has been told.
  if (journal.undecided === true || hasProven(journal.judgement)) return
  journal.warnings.push(
    `${engine.title} gave all users the new version before the comparison with the old one could exclude that it is worse. Longer pauses, or one without a duration and gates: checks, leave time for that`
  )
}

const hasProven = (judgement: Judgement | undefined): boolean =>
  judgement !== undefined &&
  judgement.findings.length > 0 &&
  judgement.seen.requests >= LEAST_REQUESTS &&
  judgement.findings.every(hidesNothing)

const hidesNothing = (finding: Finding): boolean =>
  finding.metric === 'errors' ? finding.hidden === 0 : finding.hidden === 1
