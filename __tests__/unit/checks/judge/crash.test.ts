import { describe, expect, it } from '@jest/globals'
import { lookBeside } from '../../../../src/checks/judge/bounds.ts'
import { judgeRelease } from '../../../../src/checks/judge/index.ts'
import type { Crash } from '../../../../src/domain/judgement.ts'
import { question, START, type Doing, type Scene } from './builders.ts'

/** Scrapes of 15 s: 20 minutes. */
const LONG = 80

const well = { requests: 20 }
const until =
  (scrape: number, then: Doing) =>
  (at: number): Doing =>
    at < scrape ? well : then
const seconds = (scrapes: number): number => START + scrapes * 15_000

/** What fixed bounds are told, which nothing but the crash guard tells of what comes late. */
const crashIn = (scene: Scene): Crash | undefined => lookBeside(question({ steps: [200], ...scene })).crash

describe('a version that has served well for long', () => {
  it.each([
    ['beside stable', {}],
    ['under all traffic', { alone: true }],
    ['under all traffic, after steps', { steps: [20, 180] }]
  ])('and then fails every request is found in the second scrape: %s', (_, scene) => {
    const collapsed = { ...scene, scrapes: LONG + 2, canary: until(LONG, { requests: 20, errors: 20 }) }
    expect(crashIn(collapsed)).toEqual({
      at: seconds(LONG + 2),
      since: seconds(LONG - 2),
      canary: { requests: 160, errors: 80 },
      stable: { requests: 'alone' in scene ? 4 * 60 * 80 : 960, errors: 0 },
      scrapesWithErrors: 4
    })
  })

  it('and then a third of them, in the last minute of them', () => {
    const canary = until(LONG, { requests: 20, errors: 7 })
    expect(crashIn({ scrapes: LONG + 3, canary })).toBeUndefined()
    expect(crashIn({ scrapes: LONG + 4, canary })).toMatchObject({ canary: { requests: 160, errors: 56 } })
  })

  it('is rolled back by a comparison as well', () => {
    const canary = until(LONG, { requests: 20, errors: 20 })
    const { decision } = judgeRelease(question({ scrapes: LONG + 2, steps: [200], canary }))
    expect(decision).toMatchObject({ kind: 'rollback', crash: { at: seconds(LONG + 2) } })
  })

  it('has crashed whatever comes next', () => {
    const canary = (at: number): Doing =>
      at === LONG || at === LONG + 1 ? { requests: 20, errors: 20 } : well
    expect(crashIn({ scrapes: LONG + 60, canary })?.at).toBe(seconds(LONG + 2))
  })

  it('has not, while stable fails as well in the same time', () => {
    const canary = until(LONG, { requests: 20, errors: 20 })
    const stable = until(LONG, { requests: 20, errors: 5 })
    expect(crashIn({ scrapes: LONG + 8, canary, stable })).toBeUndefined()
  })

  it('has not by a few errors at once', () => {
    const canary = (at: number): Doing => ({ requests: 2, errors: at === LONG ? 2 : 0 })
    expect(crashIn({ scrapes: LONG + 8, canary })).toBeUndefined()
  })

  it('and has few users is judged by its last eight requests', () => {
    const canary = (at: number): Doing => {
      const requests = at % 4 === 0 ? 1 : 0
      return { requests, errors: at < LONG ? 0 : requests }
    }
    expect(crashIn({ scrapes: LONG + 8, canary })).toBeUndefined()
    expect(crashIn({ scrapes: LONG + 9, canary })).toMatchObject({ canary: { requests: 8, errors: 6 } })
  })
})

describe('a version that fails half of its requests from the start', () => {
  const canary = (): Doing => ({ requests: 20, errors: 10 })
  const failing = (errors: number) => (): Doing => ({ requests: 100, errors })

  it('has crashed although stable has trouble as well, if that is a fifth of its own at most', () => {
    expect(crashIn({ scrapes: 8, canary, stable: failing(4) })).toMatchObject({ at: seconds(2) })
    expect(crashIn({ scrapes: 8, canary, stable: failing(10) })).toBeUndefined()
  })

  it('has not by a few errors, while stable has trouble', () => {
    const few = (): Doing => ({ requests: 2, errors: 1 })
    expect(crashIn({ scrapes: 4, canary: few, stable: failing(4) })).toBeUndefined()
  })
})

describe('the last requests', () => {
  it('are not told apart where they are all that there were', () => {
    const canary = until(0, { requests: 20, errors: 10 })
    expect(crashIn({ scrapes: 1, canary })).not.toHaveProperty('since')
  })

  it('are not judged beside a stable version that has none of them', () => {
    const canary = until(LONG, { requests: 20, errors: 20 })
    const stable = until(LONG - 8, { requests: 0 })
    expect(crashIn({ scrapes: LONG + 2, canary, stable })).toBeUndefined()
  })
})
