import { judgeRelease } from '../../src/checks/judge/index.ts'
import { UNEASY_ODDS, type Decision, type Judgement } from '../../src/domain/judgement.ts'
import { START, Tape, type Cell, type PodLine, type Recorded, type Step } from './release.ts'
import type { Service, World } from './world.ts'

export type Verdict = 'rollback' | 'promote' | 'inconclusive' | 'no-data'

/** What a judge says of a release, and when, in seconds since the first users. */
export interface Ruling {
  readonly verdict: Verdict
  readonly at: number
}

const verdictOf = (decision: Decision): Verdict =>
  decision.kind === 'hold' || decision.kind === 'advance' ? 'inconclusive' : decision.kind

function rulingOf(decision: Decision, now: number): Ruling {
  const at = decision.kind === 'rollback' ? (decision.at - START) / 1_000 : now
  return { verdict: verdictOf(decision), at }
}

/** Each pod's cells so far. */
export interface Lines {
  readonly stable: (Cell | null)[][]
  readonly canary: (Cell | null)[][]
}

export interface Played {
  readonly ruling: Ruling
  /** What it was when the last planned step's time was over. */
  readonly unextended: Ruling
  readonly lines: Lines
  readonly service: Service
  /** Every step took as long as planned, so that its lines are what other judges see, too. */
  readonly asPlanned: boolean
}

class Player {
  readonly #world: World
  readonly #tape: Tape
  readonly #steps: readonly Step[]
  readonly lines: Lines = { stable: [], canary: [] }
  readonly #begun: number[] = []

  constructor(world: World, steps: readonly Step[]) {
    this.#world = world
    this.#steps = steps
    this.#tape = new Tape(world.past, world.service.edges, world.service.scrape)
  }

  pass(share: number, seconds: number): void {
    for (const end = this.#tape.seconds + seconds; this.#tape.seconds < end;) {
      const { stable, canary } = this.#world.next(share)
      this.#tape.add(stable, canary)
      stable.forEach((cell, pod) => (this.lines.stable[pod] ??= []).push(cell))
      canary.forEach((cell, pod) => (this.lines.canary[pod] ??= []).push(cell))
    }
  }

  begin(): void {
    this.#begun.push(this.#tape.seconds)
  }

  look(): Judgement {
    return judgeRelease(this.#tape.question(this.#steps, this.#begun))
  }

  get service(): Service {
    return this.#world.service
  }

  get now(): number {
    return this.#tape.seconds
  }
}

/** A block, and in the last step, which is not over before it has taken its time again, a few of them: in seconds. */
const LOOKS = { step: 30, last: 150 }

/** While a step is to hold it goes on. */
function extend(player: Player, share: number, between: number): Decision {
  for (;;) {
    player.pass(share, between)
    const { decision } = player.look()
    if (decision.kind !== 'hold') return decision
  }
}

/** A release of which a step was to hold, or which tells nothing: from step to step. */
function playSlowly(player: Player, steps: readonly Step[]): Played {
  for (const [step, [share, seconds]] of steps.entries()) {
    const isLast = step === steps.length - 1
    player.begin()
    player.pass(share, seconds)
    const planned = player.look().decision
    const whenPlanned = rulingOf(planned, player.now)
    const isHeld = planned.kind === 'hold'
    const decision = isHeld ? extend(player, share, isLast ? LOOKS.last : LOOKS.step) : planned
    if (decision.kind === 'advance') continue
    const ruling = rulingOf(decision, player.now)
    const unextended = isLast ? whenPlanned : ruling
    return { ruling, unextended, lines: player.lines, service: player.service, asPlanned: false }
  }
  throw new Error('The judge has let the last step pass without a verdict.')
}

/** Whether a step was to hold when its time was over, or the release is rolled back before that. */
function wasHeld({ decision, odds }: Judgement, steps: readonly Step[]): boolean {
  const until = decision.kind === 'rollback' ? decision.at : Infinity
  let end = START
  return steps.slice(0, -1).some(([, seconds]) => {
    end += seconds * 1_000
    const { errors = 0, latency = 0 } = odds.findLast(({ at }) => at <= end) ?? {}
    return end < until && Math.exp(Math.max(errors, latency)) >= UNEASY_ODDS
  })
}

/**
 * A release that goes on as the product lets it. Evidence of a block does not depend on later ones, so that one look at the end
 * tells when it was rolled back, and whether a step was to hold: then the same world is played again, from step to step.
 */
export function playOurs(worldOf: () => World, steps: readonly Step[]): Played {
  const player = new Player(worldOf(), steps)
  for (const [share, seconds] of steps) {
    player.begin()
    player.pass(share, seconds)
  }
  const planned = player.look()
  const last = steps.at(-1)
  if (last === undefined || wasHeld(planned, steps) || planned.decision.kind === 'no-data')
    return playSlowly(new Player(worldOf(), steps), steps)
  const unextended = rulingOf(planned.decision, player.now)
  const ruling =
    planned.decision.kind === 'hold' ? rulingOf(extend(player, last[0], LOOKS.last), player.now) : unextended
  return { ruling, unextended, lines: player.lines, service: player.service, asPlanned: true }
}

/** The same traffic for judges that know no extension. */
export function playPlanned(world: World, steps: readonly Step[]): Lines {
  const player = new Player(world, steps)
  for (const [share, seconds] of steps) player.pass(share, seconds)
  return player.lines
}

/** A release that is over, and whose steps took what they took. */
export function judgeRecorded({ scrape, edges, steps, history, stable, canary }: Recorded): Ruling {
  const tape = new Tape(history.pods, edges, scrape)
  const at = (pods: readonly PodLine[], i: number): (Cell | null)[] => pods.map((line) => line[i] ?? null)
  const scrapes = Math.max(0, ...[...stable.pods, ...canary.pods].map((line) => line.length))
  for (let i = 0; i < scrapes; i += 1) tape.add(at(stable.pods, i), at(canary.pods, i))
  const begun = steps.map((_, i) => steps.slice(0, i).reduce((sum, [, seconds]) => sum + seconds, 0))
  return rulingOf(
    judgeRelease(
      tape.question(
        steps,
        begun.filter((seconds) => seconds < tape.seconds)
      )
    ).decision,
    tape.seconds
  )
}
