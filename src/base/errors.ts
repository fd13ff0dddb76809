import assert from 'node:assert'

/** One thing wrong with what the user gave us. */
export interface Fault {
  /** Name of the action input, e.g. `checks`. */
  readonly input: string
  /** Line within the input, from 1; absent when the input as a whole is meant. */
  readonly line?: number
  /** What is wrong, with the value: `"sucess-rate >= 95%" is not a check`. */
  readonly problem: string
  /** A correct example, or the next thing to do. */
  readonly example?: string
}

/** `checks, line 3: … Write for example: …` */
export const describeFault = ({ input, line, problem, example }: Fault): string =>
  `${input}${line === undefined ? '' : `, line ${line}`}: ${problem}` +
  (example === undefined ? '' : ` — for example: ${example}`)

/** The inputs cannot be carried out. Thrown before anything is changed, with every fault at once. */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    assert(faults.length > 0, 'inputs that nothing is wrong with')
    super(faults.map(describeFault).join('\n'))
    this.faults = faults
  }
}

/** @throws InputError when there is any fault */
export function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new InputError(faults)
}

/** The Kubernetes API refused or could not be reached. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError'
  /** HTTP status; 0 when no answer came. */
  readonly status: number

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** The runner was told to stop: by a person, a newer run or a time limit. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
}

/** Why a release was not carried through. Its message is the verdict's reason. */
export class ReleaseFailed extends Error {
  override readonly name = 'ReleaseFailed'
  /** The line of the check that failed, as the user wrote it. */
  readonly failedCheck: string | undefined

  constructor(message: string, failedCheck?: string) {
    super(message)
    this.failedCheck = failedCheck
  }
}

/** A release that neither passed nor failed, and waits for a person to decide. Its message says why. */
export class Undecided extends Error {
  override readonly name = 'Undecided'
}

/** The run goes, and the release goes on without it: its controller carries it out. */
export class Left extends Undecided {}

/** Another run has this release now: nothing may be written any more, and nothing has to be put back. */
export class TakenOver extends ReleaseFailed {}

/** A route was deleted by somebody: nobody comes by it any more, and there is nothing in it to put back. */
export class RouteGone extends ReleaseFailed {}

/** Stable has no pods that could carry the traffic, so it stays where it is. */
export class StableCannotServe extends ReleaseFailed {}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export interface Findings {
  readonly faults: readonly Fault[]
  readonly warnings: readonly string[]
}

export const NO_FINDINGS: Findings = { faults: [], warnings: [] }
