import { judgeRelease } from '../../src/checks/judge/index.ts'
import type { Question } from '../../src/checks/judge/question.ts'
import { playPlanned } from './ours.ts'
import { Tape } from './release.ts'
import { PROTOCOLS, realWorld, secondsOf } from './scenarios.ts'
import { table } from './tables.ts'
import { World } from './world.ts'

/** What a look at the end of a release of 20 minutes costs: the largest one, as each look counts all samples again. */

const LOOKS = 7
const STEPS = PROTOCOLS.P1

function questionOf(pods: number): Question {
  const { service } = realWorld('aa', 10 * pods, STEPS, ['cost', pods])
  const { scrape, edges } = service
  const world = new World({ ...service, pods: { stable: pods, canary: pods / 5 } }, Math.random)
  const tape = new Tape(world.past, edges, scrape)
  const lines = playPlanned(world, STEPS)
  for (let i = 0; i < secondsOf(STEPS) / scrape; i += 1)
    tape.add(
      lines.stable.map((line) => line[i] ?? null),
      lines.canary.map((line) => line[i] ?? null)
    )
  return tape.question(STEPS, [0, 300, 600, 900])
}

const samplesIn = ({ stable, canary }: Question): number =>
  [...stable, ...canary]
    .flatMap(({ requests, buckets }) => [...requests, ...buckets])
    .reduce((sum, { samples }) => sum + samples.length, 0)

function milliseconds(question: Question): number {
  const times = Array.from({ length: LOOKS }, () => {
    const began = performance.now()
    judgeRelease(question)
    return performance.now() - began
  })
  return times.sort((one, other) => one - other)[Math.floor(LOOKS / 2)] ?? NaN
}

export function costTable(): string {
  const rows = [10, 100].map((pods) => {
    const question = questionOf(pods)
    return [
      `${pods} + ${pods / 5}`,
      samplesIn(question).toLocaleString('en'),
      `${milliseconds(question).toFixed(0)} ms`
    ]
  })
  return table(['pods', 'samples', 'a look'], rows)
}
