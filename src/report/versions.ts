import type { Outcome, Version } from '../domain/outcome.ts'
import { codeSpan, forMarkdown, oneLine, truncate } from './text.ts'
import { sameVersion } from './verdict.ts'

/** How words that others chose are set within a sentence of ours. */
export interface Voice {
  readonly name: (text: string) => string
  readonly code: (text: string) => string
}

export const markdown: Voice = {
  name: (text) => `**${forMarkdown(text, 100)}**`,
  code: (text) => codeSpan(text, 150)
}
export const plain: Voice = {
  name: (text) => truncate(oneLine(text), 100),
  code: (text) => truncate(oneLine(text), 150)
}

/** The image with no more of its digest than a person compares. */
const shortDigest = (image: string): string => image.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+/u, '$1…')

const withoutRegistry = (image: string): string => image.replace(/^(?:[^/]*[.:][^/]*|localhost)\//u, '')

/** The image without its registry, unless that is what tells it from the others. */
function shortImage(image: string, others: readonly string[]): string {
  const short = shortDigest(withoutRegistry(image))
  const ambiguous = others.some((other) => other !== image && shortDigest(withoutRegistry(other)) === short)
  return ambiguous ? shortDigest(image) : short
}

const MOST_NAMED = 2

/** What tells a version from the other one: the images that differ, else the template. */
function versionName(version: Version, other: Version | undefined, { code }: Voice): string {
  const differing = version.images.filter((image) => !other?.images.includes(image))
  const images = differing.length > 0 ? differing : version.images
  if (images.length === 0) return code(version.deployment)
  const names = images.slice(0, MOST_NAMED).map((image) => code(shortImage(image, other?.images ?? [])))
  const rest = images.length > MOST_NAMED ? [`${images.length - MOST_NAMED} more`] : []
  const template =
    differing.length > 0 || other === undefined || version.hash === ''
      ? ''
      : ` (template ${code(version.hash)})`
  return [...names, ...rest].join(' + ') + template
}

/** The other version of the story, from which this one has to be told apart. */
const counterpart = (version: Version, { serving, canary, previous }: Outcome): Version | undefined =>
  [canary, serving, previous].find((other) => other !== undefined && !sameVersion(other, version))

/** What people call a version of this story. */
export const nameIn = (outcome: Outcome, voice: Voice, version: Version): string =>
  versionName(version, counterpart(version, outcome), voice)

export const canaryName = (outcome: Outcome, voice: Voice): string =>
  outcome.canary === undefined ? 'the new version' : nameIn(outcome, voice, outcome.canary)
