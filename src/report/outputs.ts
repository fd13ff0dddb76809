import type { Outcome, Version } from '../domain/outcome.ts'
import { plainHeadline } from './headline.ts'
import { clean, oneLine, truncate } from './text.ts'

export { outcomeJson } from './json.ts'
export { failsTheStep } from './verdict.ts'

/** Rounded to hundredths, so that `restore-seconds` of 0.8 is not 0.8000000000000003. */
const seconds = (value: number | undefined): string =>
  value === undefined ? '' : String(Math.round(value * 100) / 100)

/** The images of all containers; a reference cannot hold a comma. */
const imagesOf = (version: Version | undefined): string => version?.images.map(oneLine).join(',') ?? ''

const inOneLine = (text: string): string =>
  clean(text)
    .split('\n')
    .map(oneLine)
    .filter((line) => line !== '')
    .join('; ')

/** The action's outputs except `json`, the whole outcome. What does not apply is empty. */
export const verdictOutputs = (outcome: Outcome): Readonly<Record<string, string>> => ({
  result: outcome.result,
  reason: truncate(inOneLine(outcome.reason), 2_000),
  release: oneLine(outcome.release),
  'stable-slot': oneLine(outcome.serving?.slot ?? ''),
  // Unknown where the cluster could not be read.
  weight: outcome.serving === undefined ? '' : String(outcome.weight),
  image: imagesOf(outcome.serving),
  'previous-image': imagesOf(outcome.previous),
  'failed-check': oneLine(outcome.failedCheck ?? ''),
  'duration-seconds': seconds((outcome.finishedAt - outcome.startedAt) / 1_000),
  'restore-seconds': seconds(outcome.restoreSeconds)
})

/** The verdict and its reason in one line: the end of the log, and what a failed step says. */
export function verdictLine(outcome: Outcome): string {
  const reason = inOneLine(outcome.reason)
  return truncate(reason === '' ? plainHeadline(outcome) : `${plainHeadline(outcome)}. ${reason}`, 2_000)
}
