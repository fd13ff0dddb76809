import { fullRepository, parseImage, type ImageReference } from './image.ts'
import { quote, refusal, type Parser } from './parsed.ts'

const TAG = /^\w[\w.-]{0,127}$/

/** Reads what a version can be called by: a release id, a revision, an image, or the tag or digest of one. */
export const parseVersionName: Parser<string> = (text) =>
  TAG.test(text) || 'value' in parseImage(text)
    ? { value: text }
    : refusal(`${quote(text)} is neither a release id, a revision nor an image`, '123456-1')

/** `<run id>-<attempt>`, or without GitHub `local-<time>`. */
const RELEASE_ID = /^(\d{1,20}|local)-\d{1,20}$/

/** Reads the output `release` of a run. */
export const parseReleaseId: Parser<string> = (text) =>
  RELEASE_ID.test(text)
    ? { value: text }
    : refusal(`${quote(text)} is no release id`, '${{ needs.api.outputs.release }}')

function partsOf(text: string): ImageReference | undefined {
  const parsed = parseImage(text)
  return 'value' in parsed ? parsed.value : undefined
}

/**
 * Whether an image is called by this name: by all of it, with everything that `docker` would add, or by its tag or
 * digest alone. Where the name lacks one of the two, the other is enough.
 */
export function isCalled(image: string, name: string): boolean {
  const whole = partsOf(image)
  if (whole === undefined) return false
  if (whole.tag === name || whole.digest === name) return true
  const named = partsOf(name)
  if (named === undefined || fullRepository(named.repository) !== fullRepository(whole.repository))
    return false
  const { tag: wantedTag = whole.tag, digest: wantedDigest = whole.digest } = named
  const says = named.tag !== undefined || named.digest !== undefined
  return wantedTag === whole.tag && wantedDigest === whole.digest && (says || isBare(whole))
}

/** As good as `latest`, whatever that was at the time. */
const isBare = ({ tag, digest }: ImageReference): boolean => tag === undefined && digest === undefined
