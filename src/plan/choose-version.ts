import type { Fault } from '../base/errors.ts'
import type { PastVersion } from '../domain/outcome.ts'
import { quote } from '../inputs/parsed.ts'
import { isCalled } from '../inputs/version-name.ts'

/** A version, and what is left of it. */
export interface Choice<T extends { readonly essence: string }> {
  readonly version: PastVersion
  /** Its template; the `essence` is the same for the same one, wherever it is. */
  readonly template?: T
}

/** Whose versions they are. */
export interface Chooser {
  /** e.g. `deployment/web` */
  readonly title: string
  readonly namespace: string
  /** The object that says how many templates are kept. @param deployment where the version ran */
  readonly keeper: (deployment: string | undefined) => string
}

/**
 * The versions that are called by this name, all of one template, newest first; or why there is none to go back to.
 */
export function chooseVersion<T extends { readonly essence: string }>(
  name: string,
  known: readonly Choice<T>[],
  chooser: Chooser
): readonly [Required<Choice<T>>, ...Required<Choice<T>>[]] | Fault {
  const called = known.filter(({ version }) => isVersion(version, name))
  const usable = called.filter(
    (one): one is Required<Choice<T>> =>
      one.template !== undefined && !hasFailed(one.version) && !isUnproved(one.version)
  )
  const [first, ...others] = usable
  if (first === undefined) return unusable(name, called, known, chooser)
  if (others.some(({ template }) => template.essence !== first.template.essence))
    return ambiguous(name, usable)
  return [first, ...others]
}

/** A way back that did not come to its end says nothing of its version, which had served before. */
const hasFailed = ({ served, command = 'deploy' }: PastVersion): boolean =>
  served === false && command === 'deploy'

/** The release of this version can still fail. */
const isUnproved = ({ phase }: PastVersion): boolean => phase !== undefined && phase !== 'promoting'

const isVersion = ({ release, revision, images }: PastVersion, name: string): boolean =>
  release === name || String(revision) === name || images.some((image) => isCalled(image, name))

const MOST_LISTED = 10

/** `5-1 (shop/web:2, web-green revision 3)` */
function print({ release, images, deployment, revision, serves }: PastVersion): string {
  const facts = [
    ...images,
    ...(revision === undefined ? [] : [`${deployment ?? ''} revision ${revision}`]),
    ...(serves ? ['serves now'] : [])
  ].join(', ')
  return release === undefined ? facts : `${release} (${facts})`
}

type Listed = Pick<Choice<{ readonly essence: string }>, 'version'>

/** Those that can be gone back to. */
export const listVersions = (known: readonly Listed[]): string =>
  list(known.filter(({ version }) => isUsable(version)))

const isUsable = (version: PastVersion): boolean =>
  version.kept && !hasFailed(version) && !isUnproved(version)

const list = (known: readonly Listed[]): string =>
  known
    .slice(0, MOST_LISTED)
    .map(({ version }) => print(version))
    .join('; ') + (known.length > MOST_LISTED ? `; and ${known.length - MOST_LISTED} more` : '')

const ambiguous = (name: string, usable: readonly Listed[]): Fault => ({
  input: 'to',
  problem: `${quote(name)} means several versions: ${list(usable)}`,
  example: usable.find(({ version }) => version.release !== undefined)?.version.release ?? 'a whole image'
})

function unusable(
  name: string,
  called: readonly Listed[],
  known: readonly Listed[],
  chooser: Chooser
): Fault {
  const open = called.find(({ version }) => isUnproved(version))?.version
  if (open !== undefined) return notPromotedYet(open)
  const failed = called.find(({ version }) => hasFailed(version))?.version
  if (failed !== undefined) return neverServed(failed)
  const [gone] = called
  if (gone !== undefined) return templateGone(gone.version, chooser)
  const there = known.filter(({ version }) => isUsable(version))
  return {
    input: 'to',
    problem:
      `${quote(name)} is no release, revision or image of ${chooser.title} in namespace ${chooser.namespace}; ` +
      (there.length === 0 ? 'there is none to go back to' : `there are ${list(there)}`),
    ...(there[0]?.version.release === undefined ? {} : { example: there[0].version.release })
  }
}

const neverServed = ({ release = '', command, images, run }: PastVersion): Fault => ({
  input: 'to',
  problem:
    `${release} (${images.join(', ')}) was never promoted: ` +
    `the ${command ?? 'release'} failed and its version was rolled back${run === undefined ? '' : ` (${run})`}`,
  example: `command: deploy, which tests it, with images: ${images[0] ?? 'shop/web:2'}`
})

const notPromotedYet = ({ release = '', images, phase }: PastVersion): Fault => ({
  input: 'to',
  problem:
    `${release === '' ? '' : `${release} `}(${images.join(', ')}) has not been promoted yet: its release ` +
    (phase === 'waiting' ? 'waits for approval' : 'is under way'),
  example:
    phase === 'waiting'
      ? 'command: promote goes on with it'
      : 'command: abort undoes it, should its run be gone'
})

function templateGone(
  { release = '', images, deployment, hash = '' }: PastVersion,
  { namespace, keeper }: Chooser
): Fault {
  const where =
    deployment === undefined || hash === ''
      ? 'the record does not say where its template is'
      : `its template was that of replicaset/${deployment}-${hash} in namespace ${namespace}, which is gone`
  return {
    input: 'to',
    problem: `${release} (${images.join(', ')}) cannot be brought back: ${where}`,
    example: `command: deploy with images: ${images[0] ?? 'shop/web:2'}; revisionHistoryLimit in ${keeper(deployment)} says how many templates are kept`
  }
}
