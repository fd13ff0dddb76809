import type { TrafficStep } from '../inputs/step.ts'
import type { ReleaseStep } from './judge/question.ts'

/** What gives the new version its users, and how far that has come. Times are milliseconds since the epoch. */
export interface Course {
  /** Empty where pods are replaced in place: then there is the bake alone. */
  readonly steps: readonly TrafficStep[]
  /** Milliseconds that it is watched under all traffic. */
  readonly bake: number
  /** When each step that has begun gave the canary its share. */
  readonly begun: readonly (number | undefined)[]
  readonly bakeBegun?: number
}

/** The part of a release that the judge is asked about. */
export interface Judged {
  /** Those by which the canary has a share of everybody's requests; the first one has begun. */
  readonly steps: readonly ReleaseStep[]
  /** A header or copies bring other requests than stable has: there nothing but a crash is looked for. */
  readonly crashOnly: boolean
}

const sends = ({ split }: TrafficStep): boolean => split.weight > 0

function releaseStep({ split, until }: TrafficStep, begun: number | undefined): ReleaseStep {
  return {
    duration: until.kind === 'duration' ? until.duration : 0,
    ...(begun !== undefined && { begun }),
    ...(split.weight === 100 && { alone: true })
  }
}

const wasBegun = ({ begun }: ReleaseStep): boolean => begun !== undefined

/** The steps as the judge knows them; undefined before the canary has got any requests. */
export function judgedSteps({ steps, bake, begun, bakeBegun }: Course): Judged | undefined {
  const all = steps.map((step, i) => ({ sends: sends(step), step: releaseStep(step, begun[i]) }))
  const last: ReleaseStep = {
    duration: bake,
    alone: true,
    ...(bakeBegun !== undefined && { begun: bakeBegun })
  }
  const shared = [...all.filter((one) => one.sends).map(({ step }) => step), last]
  const first = shared.findIndex(wasBegun)
  if (first >= 0) return { steps: shared.slice(first), crashOnly: false }
  // The steps to come are one, so that this is not taken for the last.
  const alike = all.filter((one) => !one.sends && wasBegun(one.step)).map(({ step }) => step)
  return alike.length === 0 ? undefined : { steps: [...alike, { duration: bake }], crashOnly: true }
}
