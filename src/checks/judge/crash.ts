import type { Counts, Crash } from '../../domain/judgement.ts'
import { addCounts, lessCounts, NOTHING } from './counts.ts'
import type { Measured } from './measured.ts'
import type { ReleaseStep } from './question.ts'
import type { Scrape } from './scrapes.ts'

/**
 * The crash guard: a version that fails a large part of its requests is not left with users for the minutes that evidence
 * takes. It looks at every scrape, in the warm-up as well.
 */

/** A stable version that fails more is ill itself, and of one without requests nothing is known: then the models decide. */
const MOST_STABLE = 0.02

/** Of so many failures it is plain whose they are, even while stable has trouble. */
const MANY = { requests: 40, errors: 20, share: 0.3, scrapes: 3, stable: 0.1 }

/** The canary fails so many times as often. */
const TIMES = 5

/** So much at the least shows a crash. */
type Kinds = readonly {
  readonly requests: number
  readonly errors: number
  readonly share: number
  readonly scrapes: number
  /** Stable fails no more. */
  readonly stable?: number
}[]

/** Of all requests that there were. */
const WHOLE: Kinds = [
  { requests: 5, errors: 3, share: 0.3, scrapes: 2 },
  { requests: 8, errors: 4, share: 0.2, scrapes: 3 },
  MANY
]

/** Of the last ones: a release has many of these, and in one of them a few bad requests come together by chance. */
const LATE: Kinds = [{ requests: 8, errors: 5, share: 0.5, scrapes: 2 }, MANY]

const shareOf = ({ requests, errors }: Counts): number => errors / Math.max(requests, 1)

function isCrash({ canary, stable, scrapesWithErrors }: Crash, kinds: Kinds): boolean {
  const [own, others] = [shareOf(canary), shareOf(stable)]
  return (
    stable.requests > 0 &&
    own >= TIMES * others &&
    kinds.some(
      ({ requests, errors, share, scrapes, stable: most = MOST_STABLE }) =>
        others < most &&
        canary.requests >= requests &&
        canary.errors >= errors &&
        own >= share &&
        scrapesWithErrors >= scrapes
    )
  )
}

/** What all pods told at a moment. */
interface Moment {
  readonly at: number
  readonly canary: Counts
  readonly stable: Counts
  /** Scrapes of a pod of the canary that brought errors. */
  readonly failing: number
}

const sumOf = (scrapes: readonly Scrape[] = []): Counts => scrapes.reduce<Counts>(addCounts, NOTHING)

function momentsOf(canary: readonly Scrape[], stable: readonly Scrape[]): readonly Moment[] {
  const own = Map.groupBy(canary, ({ at }) => at)
  const others = Map.groupBy(stable, ({ at }) => at)
  const times = [...new Set([...own.keys(), ...others.keys()])].sort((one, other) => one - other)
  return times.map((at) => ({
    at,
    canary: sumOf(own.get(at)),
    stable: sumOf(others.get(at)),
    failing: (own.get(at) ?? []).filter(({ errors }) => errors > 0).length
  }))
}

/** Moments in a row, counted together. */
type Span = Pick<Moment, 'canary' | 'stable' | 'failing'>

const EMPTY: Span = { canary: NOTHING, stable: NOTHING, failing: 0 }

const withMoment = (span: Span, { canary, stable, failing }: Span): Span => ({
  canary: addCounts(span.canary, canary),
  stable: addCounts(span.stable, stable),
  failing: span.failing + failing
})

const withoutMoment = (span: Span, { canary, stable, failing }: Span): Span => ({
  canary: lessCounts(span.canary, canary),
  stable: lessCounts(span.stable, stable),
  failing: span.failing - failing
})

/** The last requests are those of so many scrapes of a pod, and so many of each version that has users at the least. */
const LAST = { scrapes: 4, requests: 8 }

/** The last requests at each moment, without looking at any of them twice. */
class Last {
  readonly #moments: readonly Moment[]
  readonly #length: number
  readonly #alone: boolean
  #first = 0
  span = EMPTY

  constructor(moments: readonly Moment[], gap: number, alone: boolean) {
    this.#moments = moments
    this.#length = LAST.scrapes * gap
    this.#alone = alone
  }

  add(moment: Moment): void {
    this.span = withMoment(this.span, moment)
    for (let shorter = this.#shorter(moment.at); shorter !== undefined; shorter = this.#shorter(moment.at)) {
      this.span = shorter
      this.#first += 1
    }
  }

  /** Of the moment before them; undefined where they are all that there were. */
  get since(): number | undefined {
    return this.#moments[this.#first - 1]?.at
  }

  #shorter(now: number): Span | undefined {
    const first = this.#moments[this.#first]
    if (first === undefined || first.at > now - this.#length) return undefined
    const shorter = withoutMoment(this.span, first)
    const isEnough =
      shorter.canary.requests >= LAST.requests && (this.#alone || shorter.stable.requests >= LAST.requests)
    return isEnough ? shorter : undefined
  }
}

const crashOf = (at: number, { canary, stable, failing }: Span): Crash => ({
  at,
  canary,
  stable,
  scrapesWithErrors: failing
})

/**
 * The first moment at which all requests until then show a crash, or the last ones do: that every request fails now would be hidden
 * for minutes by many that a version has served well.
 * @param gap milliseconds between two scrapes
 * @param alone stable has no requests in the same minutes; else only these tell of the last ones whether both suffer
 */
function crashIn(moments: readonly Moment[], gap: number, alone: boolean): Crash | undefined {
  const last = new Last(moments, gap, alone)
  let all = EMPTY
  for (const moment of moments) {
    all = withMoment(all, moment)
    last.add(moment)
    if (moment.canary.requests === 0) continue
    const whole = crashOf(moment.at, all)
    if (isCrash(whole, WHOLE)) return whole
    const { since, span } = last
    const late = crashOf(moment.at, alone ? { ...span, stable: all.stable } : span)
    if (since !== undefined && isCrash(late, LATE)) return { ...late, since }
  }
  return undefined
}

/**
 * The first moment at which the canary had crashed; undefined when it has not. What came before everybody was on it does not weigh
 * against what came since: it may be that load which it cannot bear, and then there is no stable version beside it to show that.
 * @param scrapes ordered by time: of the canary since the release began, of stable of the same minutes, or before the release where
 *   it has no users any more
 */
export function firstCrash(
  { scrapes: { canary, stable }, gap }: Pick<Measured, 'scrapes' | 'gap'>,
  steps: readonly ReleaseStep[] = []
): Crash | undefined {
  const begun = steps.flatMap((step) => (step.alone === true && step.begun !== undefined ? [step.begun] : []))
  const alone = begun.flatMap((since) => {
    const own = canary.filter(({ at }) => at > since)
    return crashIn(momentsOf(own, stable), gap, true) ?? []
  })
  const beside = crashIn(momentsOf(canary, stable), gap, false) ?? []
  return [alone, beside].flat().toSorted((one, other) => one.at - other.at)[0]
}
