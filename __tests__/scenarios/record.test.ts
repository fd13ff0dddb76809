import { describe, expect, it } from '@jest/globals'
import type { Version } from '../../src/domain/outcome.ts'
import { readRecord } from '../../src/domain/read-record.ts'
import {
  isUnfinished,
  printRecord,
  promoted,
  RECORD_ANNOTATION,
  restored,
  type HistoryEntry,
  type Phase,
  type Release
} from '../../src/domain/record.ts'
import { EPOCH } from '../support/memory/fake-clock.ts'
import { service } from './scene.ts'

const version = (slot: string, tag: number): Version => ({
  slot,
  deployment: `web-${slot}`,
  images: [`shop/web:${tag}`],
  hash: `hash${tag}`,
  replicas: 3
})

const entry = (release: string): HistoryEntry => ({
  release,
  command: 'deploy',
  served: true,
  at: '2026-11-01T00:00:00.000Z',
  images: ['shop/web:1'],
  version: { slot: 'blue', deployment: 'web-blue', hash: 'hash1' }
})

const release = (changes: Partial<Release> = {}): Release => ({
  version: 1,
  id: '7-1',
  command: 'deploy',
  run: 'https://ci/7',
  phase: 'running',
  weight: 100,
  startedAt: '2026-11-03T14:00:00.000Z',
  stable: version('blue', 1),
  canary: version('green', 2),
  selectors: { before: { slot: 'blue' }, stable: { slot: 'blue' }, canary: { slot: 'green' } },
  history: [],
  ...changes
})

const serviceWith = (text: string) => ({
  ...service(),
  metadata: { ...service().metadata, annotations: { [RECORD_ANNOTATION]: text } }
})

describe('reading the record', () => {
  it('brings back what was printed', () => {
    const printed = release({ previous: version('plain', 0), autoscaler: 'web', history: [entry('6-1')] })
    expect(readRecord(serviceWith(printRecord(printed)))).toEqual(printed)
  })

  it('of before tells of a release only what it says: rolled-back could be either', () => {
    const former = { at: '2026-11-01T00:00:00.000Z', images: ['shop/web:1'] }
    const history = [
      { release: '3-1', result: 'promoted', ...former },
      { release: '2-1', result: 'rolled-back', ...former }
    ]
    const text = JSON.stringify({ ...release(), history })
    expect(readRecord(serviceWith(text))?.history).toStrictEqual([
      { release: '3-1', command: 'deploy', served: true, ...former },
      { release: '2-1', ...former }
    ])
  })

  it('of a Service that has none brings nothing', () => {
    expect(readRecord(service())).toBeUndefined()
  })

  it.each([
    ['text', 'yes'],
    ['no record', 'null'],
    ['a list', '[]'],
    ['a number', '1'],
    ['an empty object', '{}'],
    ['another version', printRecord(release()).replace('"version":1', '"version":2')],
    ['cut off', printRecord(release()).slice(0, 100)]
  ])('that is %s is refused: nothing may be changed then', (_, text) => {
    expect(() => readRecord(serviceWith(text))).toThrow(
      /^route: the annotation greenlight.dev\/release of service\/web in namespace shop cannot be read/
    )
  })

  it('that lacks what every record has is refused', () => {
    expect(() => readRecord(serviceWith('{"version":1}'))).toThrow(/cannot be read/)
  })
})

it.each<[Phase, boolean]>([
  ['running', true],
  ['aborting', true],
  ['promoted', false],
  ['rolled-back', false]
])('a release that is %s is unfinished: %p', (phase, unfinished) => {
  expect(isUnfinished(release({ phase }))).toBe(unfinished)
})

describe('after a promotion', () => {
  it('the canary is stable, with its selector, and stable is what a rollback brings back', () => {
    const record = promoted(release(), EPOCH)
    expect(record).toMatchObject({
      id: '7-1',
      phase: 'promoted',
      weight: 0,
      stable: version('green', 2),
      canary: version('blue', 1),
      previous: version('blue', 1),
      selectors: { stable: { slot: 'green' }, canary: { slot: 'blue' } }
    })
  })

  it('the history begins with it', () => {
    const record = promoted(release({ history: [entry('6-1')] }), EPOCH)
    expect(record.history).toEqual([
      {
        release: '7-1',
        command: 'deploy',
        served: true,
        at: '2026-11-03T14:00:00.000Z',
        images: ['shop/web:2'],
        version: { slot: 'green', deployment: 'web-green', hash: 'hash2' },
        run: 'https://ci/7'
      },
      entry('6-1')
    ])
  })

  it('by a rollback there is no way back any more, and the history says what it was', () => {
    const record = promoted(release({ command: 'rollback', previous: version('green', 2) }), EPOCH)
    expect(record).toMatchObject({ phase: 'rolled-back', stable: version('green', 2) })
    expect(record).not.toHaveProperty('previous')
    expect(record.history[0]).toMatchObject({ command: 'rollback', served: true, images: ['shop/web:2'] })
  })
})

describe('after stable was put back', () => {
  it('the versions stay what they were, and an older version to go back to stays known', () => {
    const record = restored(release({ phase: 'aborting', previous: version('plain', 0) }), EPOCH)
    expect(record).toMatchObject({
      phase: 'rolled-back',
      weight: 0,
      stable: version('blue', 1),
      canary: version('green', 2),
      previous: version('plain', 0)
    })
    expect(record.history[0]).toMatchObject({ command: 'deploy', served: false, images: ['shop/web:2'] })
  })

  it('a rollback that failed is told from one that was done', () => {
    const [failed] = restored(release({ command: 'rollback' }), EPOCH).history
    const [done] = promoted(release({ command: 'rollback' }), EPOCH).history
    expect([failed, done]).toMatchObject([
      { command: 'rollback', served: false },
      { command: 'rollback', served: true }
    ])
  })

  it('there is still no version to go back to where there was none', () => {
    expect(restored(release(), EPOCH)).not.toHaveProperty('previous')
  })
})

it.each([
  ['promotion', promoted],
  ['put-back', restored]
])('of the history the last ten stay, after a %s too', (_, next) => {
  const history = Array.from({ length: 10 }, (__, index) => entry(`${index}-1`))
  const record = next(release({ history }), EPOCH)
  expect(record.history.map((one) => one.release)).toEqual([
    '7-1',
    ...history.slice(0, 9).map((one) => one.release)
  ])
})
