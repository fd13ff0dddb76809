import type { Fault } from '../base/errors.ts'
import type { PastVersion } from '../domain/outcome.ts'
import { quote } from '../inputs/parsed.ts'
import { isCalled } from '../inputs/version-name.ts'
import type { Observed } from '../observe/observed.ts'
import type { Known } from './versions.ts'

/** The one version that is called by this name; or why there is none to go back to. */
export function chooseVersion(
  name: string,
  known: readonly Known[],
  observed: Observed
): Required<Known> | Fault {
  const called = known.filter(({ version }) => isVersion(version, name))
  const usable = called.filter(
    (one): one is Required<Known> =>
      one.template !== undefined && one.version.served !== false && !isUnproved(one.version)
  )
  const [first] = usable
  if (first === undefined) return unusable(name, called, known, observed)
  if (usable.some(({ template }) => template.essence !== first.template.essence))
    return ambiguous(name, usable)
  // In a slot of its own it has pods, or had: nothing has to be copied.
  return usable.find(({ template }) => template.live !== observed.stable.deployment) ?? first
}

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

const list = (known: readonly Known[]): string =>
  known
    .slice(0, MOST_LISTED)
    .map(({ version }) => print(version))
    .join('; ') + (known.length > MOST_LISTED ? `; and ${known.length - MOST_LISTED} more` : '')

const ambiguous = (name: string, usable: readonly Known[]): Fault => ({
  input: 'to',
  problem: `${quote(name)} means several versions: ${list(usable)}`,
  example: usable.find(({ version }) => version.release !== undefined)?.version.release ?? 'a whole image'
})

function unusable(
  name: string,
  called: readonly Known[],
  known: readonly Known[],
  observed: Observed
): Fault {
  const failed = called.find(({ version }) => version.served === false)?.version
  if (failed !== undefined) return neverServed(failed)
  const open = called.find(({ version }) => isUnproved(version))?.version
  if (open !== undefined) return notPromotedYet(open)
  const [gone] = called
  if (gone !== undefined) return templateGone(gone.version, observed)
  const there = known.filter(
    ({ version }) => version.kept && version.served !== false && !isUnproved(version)
  )
  return {
    input: 'to',
    problem:
      `${quote(name)} is no release, revision or image of deployment/${observed.workload} in namespace ${observed.namespace}; ` +
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
    `${release} (${images.join(', ')}) has not been promoted yet: its release ` +
    (phase === 'waiting' ? 'waits for approval' : 'is under way'),
  example:
    phase === 'waiting'
      ? 'command: promote goes on with it'
      : 'command: abort undoes it, should its run be gone'
})

function templateGone(
  { release = '', images, deployment, hash = '' }: PastVersion,
  observed: Observed
): Fault {
  const { namespace, stable } = observed
  const where =
    deployment === undefined || hash === ''
      ? 'the record does not say where its template is'
      : `its template was that of replicaset/${deployment}-${hash} in namespace ${namespace}, which is gone`
  return {
    input: 'to',
    problem: `${release} (${images.join(', ')}) cannot be brought back: ${where}`,
    example: `command: deploy with images: ${images[0] ?? 'shop/web:2'}; revisionHistoryLimit in deployment/${deployment ?? stable.deployment.metadata.name} says how many templates are kept`
  }
}
