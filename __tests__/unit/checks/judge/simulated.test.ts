import { describe, expect, it } from '@jest/globals'
import type { Decision } from '../../../../src/domain/judgement.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import type { ScenarioName } from '../../../bench/scenarios.ts'
import { simulate } from '../../../support/traffic.ts'
import { START } from './builders.ts'

const RPS = 20

const play = (scenario: ScenarioName, releases: number): readonly Decision[] =>
  Array.from({ length: releases }, (_, i) => judgeRelease(simulate(scenario, RPS, i + 1)).decision)

const count = (decisions: readonly Decision[], wanted: Decision['kind']): number =>
  decisions.filter(({ kind }) => kind === wanted).length

function medianSeconds(decisions: readonly Decision[]): number {
  const seconds = decisions.flatMap((one) => (one.kind === 'rollback' ? [(one.at - START) / 1000] : []))
  return seconds.sort((one, other) => one - other)[Math.floor(seconds.length / 2)] ?? Infinity
}

/**
 * Of 250 releases each at 5, 20, 100 and 500 requests a second 1.5 % of the good ones (44 of 3,000) were rolled back, and 7.4, 4.0,
 * 1.3 and 0.1 % of the bad ones promoted. Here only few are played, and the bounds leave room for their luck.
 */
describe('on simulated traffic', () => {
  it('rolls back hardly any good release, and promotes most', () => {
    const decisions = [...play('aa', 30), ...play('shared_incident', 20), ...play('coldstart', 20)]
    expect(count(decisions, 'rollback')).toBeLessThanOrEqual(3)
    expect(count(decisions, 'promote')).toBeGreaterThanOrEqual(54)
  })

  it.each<[ScenarioName, number, number]>([
    ['err10x', 0.8, 900],
    ['lat1.2', 0.75, 600],
    ['lat1.5', 1, 210],
    ['tail', 0.5, 900],
    ['err_crash', 1, 30]
  ])('finds %s in a share of %d of the releases, half of them within %d s', (scenario, share, seconds) => {
    const decisions = play(scenario, 10)
    expect(count(decisions, 'rollback')).toBeGreaterThanOrEqual(share * decisions.length)
    expect(count(decisions, 'promote')).toBeLessThanOrEqual(1)
    expect(medianSeconds(decisions)).toBeLessThanOrEqual(seconds)
  })

  it('never passes a version without requests', () => {
    expect(count(play('nodata', 2), 'no-data')).toBe(2)
  })
})
