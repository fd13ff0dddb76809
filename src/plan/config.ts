import type { Fault } from '../base/errors.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import type { Ref } from '../kubernetes/ref.ts'
import { referencesIn, withNames, type Reference } from '../kubernetes/references.ts'
import { isTree } from '../kubernetes/tree.ts'
import type { Observed } from '../observe/observed.ts'
import { copiedFrom, copyOf, isConfig, isFilledByOthers, originalName } from './config-copy.ts'
import type { JobManifest } from './jobs-around.ts'
import { keyFaults, secretFaults, type ConfigManifest, type Find } from './config-faults.ts'
import { isSlotOf } from './live-fields.ts'

/** The manifests with config as part of the release. */
export interface Configured {
  readonly manifests: readonly Manifest[]
  readonly jobs: readonly JobManifest[]
  readonly faults: readonly Fault[]
}

/**
 * Turns the ConfigMaps and Secrets that the workload refers to into copies named by their content, and lets its
 * template refer to these. So the old version keeps its own config, and a rollback to a template brings its config
 * back.
 * @param source the Deployment that is released: of the manifests, or live
 * @param jobs Jobs of the release, which read the same copies
 */
export function withConfig(
  observed: Observed,
  manifests: readonly Manifest[],
  source: Deployment,
  jobs: readonly JobManifest[] = []
): Configured {
  const secrets = manifests.flatMap(secretFaults)
  if (secrets.length > 0) return { manifests, jobs, faults: secrets }
  const find = finderOf(observed, manifests, source)
  const references = referencesIn(source.spec.template.spec)
  const used = new Set(references.flatMap((reference) => find(reference) ?? []))
  const read = [source, ...jobs.map(({ object }) => object)].flatMap(({ spec }) =>
    referencesIn(spec.template.spec)
  )
  const faults = keyFaults(read, find)
  if (used.size === 0) return { manifests, jobs, faults }
  const copies = new Map<Manifest | undefined, Manifest>(
    [...used].map((manifest) => [manifest, copied(manifest, observed)])
  )
  const copyFor = (reference: Reference): Manifest | undefined => copies.get(find(reference))
  const released = withCopies(source, copyFor)
  const renamed = jobs.map((job) => ({ ...job, object: withCopies(job.object, copyFor) }))
  const isNamed = namedBeside(
    [...manifests.filter(({ object }) => !isSlotOf(observed, object)), ...renamed],
    released
  )
  const configured = manifests.flatMap((manifest): readonly Manifest[] => {
    if (manifest.object === source) return [{ ...manifest, object: released }]
    const copy = copies.get(manifest)
    if (copy === undefined) return [manifest]
    return isNamed(manifest.object.metadata.name) ? [manifest, copy] : [copy]
  })
  const live = manifests.some(({ object }) => object === source) ? [] : [asItRuns(released)]
  return { manifests: [...configured, ...live], jobs: renamed, faults }
}

const asItRuns = (object: Deployment): Manifest => ({
  object,
  source: `deployment/${object.metadata.name} as it runs`
})

const copied = ({ object, source }: ConfigManifest, { workload, namespace }: Observed): Manifest => ({
  object: copyOf(object, workload, namespace),
  source
})

function withCopies<T extends Templated>(
  source: T,
  copyFor: (reference: Reference) => Manifest | undefined
): T {
  const { template } = source.spec
  const spec = withNames(
    template.spec,
    (reference) => copyFor(reference)?.object.metadata.name ?? reference.name
  )
  return { ...source, spec: { ...source.spec, template: { ...template, spec } } }
}

/** What a reference means among the manifests. The Deployment that serves refers to copies of an earlier release. */
function finderOf({ namespace, stable }: Observed, manifests: readonly Manifest[], source: Deployment): Find {
  const offered = manifests.filter(
    (manifest): manifest is ConfigManifest =>
      isConfig(manifest.object) &&
      (manifest.object.metadata.namespace ?? namespace) === namespace &&
      !isFilledByOthers(manifest.object)
  )
  const named: Find = ({ kind, name }) =>
    offered.findLast(({ object }) => object.kind === kind && object.metadata.name === name)
  if (source !== stable.deployment) return named
  return ({ kind, name }) => named({ kind, name }) ?? named({ kind, name: originalName(name) ?? name })
}

/** The object that the version that serves reads instead of this copy. */
export function servedInPlaceOf(object: KubernetesObject, { namespace, stable }: Observed): Ref | undefined {
  const { apiVersion, kind } = object
  const original = copiedFrom(object)
  if (original === undefined) return undefined
  const references = referencesIn(stable.deployment.spec.template.spec).filter((one) => one.kind === kind)
  const names = references.map(({ name }) => name)
  const name = names.find((one) => one === original) ?? names.find((one) => originalName(one) === original)
  return name === undefined ? undefined : { apiVersion, kind, namespace, name }
}

type Templated = KubernetesObject & { readonly spec: Pick<Deployment['spec'], 'template'> }

/**
 * The template with the names of the manifests instead of the names of copies. Each version has its own copies, and a
 * plan that showed all of these names would hide the other changes.
 */
export function withOriginalNames<T extends Templated>(
  deployment: T,
  manifests: readonly KubernetesObject[]
): T {
  const known = new Set(manifests.flatMap((object) => copiedFrom(object) ?? []))
  const { template } = deployment.spec
  const spec = withNames(template.spec, ({ name }) => {
    const original = originalName(name)
    return original !== undefined && known.has(original) ? original : name
  })
  return { ...deployment, spec: { ...deployment.spec, template: { ...template, spec } } }
}

/** Fields under which other objects name ConfigMaps and Secrets: `secretName`, `configMapRef`, `certificateRefs` … */
const SAYS_SO = /secret|config[-_]?map|certificate|credential/i
/** What stands beside the name there. */
const NO_NAMES: ReadonlySet<string> = new Set(['key', 'path', 'items'])
/** `web-tls` or `shop/web-tls` */
const NAME = /^(?:[a-z0-9-]+\/)?([a-z0-9.-]+)$/

/**
 * Whether something else needs the object under the name that it has: other manifests, and what in the workload's
 * own template is not read as config (`imagePullSecrets`, drivers of volumes, names that the program is told).
 */
function namedBeside(others: readonly Manifest[], { spec }: Deployment): (name: string) => boolean {
  const places = [
    ...others.map(({ object }) => object).filter((object) => !isConfig(object)),
    spec.template.spec
  ]
  const names = new Set(places.flatMap((place) => namesIn(place, false)))
  return (name) => names.has(name)
}

function namesIn(value: unknown, meant: boolean): readonly string[] {
  if (typeof value === 'string') return meant ? (NAME.exec(value)?.slice(1) ?? []) : []
  if (Array.isArray(value)) return value.flatMap((item) => namesIn(item, meant))
  if (!isTree(value)) return []
  const isReference = meant || refers(value)
  return Object.entries(value).flatMap(([field, inner]) =>
    NO_NAMES.has(field) ? [] : namesIn(inner, isReference || SAYS_SO.test(field))
  )
}

/** `{ kind: Secret, name }`, a selector `{ name, key }`, or a variable that tells a program the name. */
const refers = ({ kind, name, key, value }: Readonly<Record<string, unknown>>): boolean =>
  kind === 'Secret' ||
  kind === 'ConfigMap' ||
  (typeof name === 'string' && (typeof key === 'string' || (typeof value === 'string' && SAYS_SO.test(name))))
