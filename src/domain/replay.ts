/** How the checks would have judged a version that is fine: stable's own traffic in a window of the past. */
export interface Replay {
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  /** Releases that were played. */
  readonly releases: number
  /** How many there would have been, had it not taken too long. */
  readonly wanted: number
  /** As planned, in milliseconds. */
  readonly length: number
  /** In the order of the input. */
  readonly lines: readonly ReplayedLine[]
  /** Lines that were not played. */
  readonly leftOut: readonly { readonly check: string; readonly why: string }[]
  /** What is to be known of how it was played. */
  readonly notes: readonly string[]
}

/** What one line of `checks` would have done, if it were the only one. */
export interface ReplayedLine {
  readonly check: string
  /** Releases that it was played in. */
  readonly releases: number
  readonly rolledBack: number
  /** Which of them had no data to judge by. */
  readonly withoutData: number
  /** Undecided after twice the time of the last step. */
  readonly undecided: number
  /** Of those that were rolled back. */
  readonly first?: Verdict
}

/** Why a release was rolled back. */
interface Verdict {
  /** When it began, and how long it took until then: milliseconds since the epoch, and milliseconds. */
  readonly begun: number
  readonly after: number
  /** One sentence, which may hold names that others wrote. */
  readonly reason: string
}

/** A replay, or why there is none: untrusted text. */
export type Replayed = Replay | { readonly why: string }
