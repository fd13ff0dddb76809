import type { Fault } from '../base/errors.ts'
import type { Seen, Wish } from '../engines/engine.ts'
import { keptOf, specOf } from '../engines/spec-write.ts'
import { printImageRule, withImages } from '../inputs/image.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { KubernetesObject, PodTemplate } from '../kubernetes/objects.ts'
import type { Driven } from '../observe/driven.ts'

/** What a release of a driven workload is to bring. */
export interface Wished {
  readonly wish: Wish
  /** The object as it would be then, with the status that it has. */
  readonly asked: Seen
  /** Images of the containers then, one each. */
  readonly images: readonly string[]
  /** Whether a manifest brings the object itself. */
  readonly isOwn: boolean
  /** Manifests that have to be there before. */
  readonly first: readonly Manifest[]
  /** Whether a manifest says what to wish for, and where that stands. */
  readonly source: string | undefined
  /** All manifests that have a part in it. */
  readonly written: readonly Manifest[]
  readonly faults: readonly Fault[]
}

/** From the manifests of the object and of what it takes its template from, and the images; else from what is live. */
export function wishFor(driven: Driven, inputs: Inputs, given: readonly Manifest[]): Wished {
  const { engine, seen, workload } = driven
  const manifests = given.map((manifest) => inNamespace(manifest, driven))
  const own = manifests.find(({ object }) => isOf(object, engine.object, workload) && isHere(object, driven))
  const asked = withSpecOf(seen, own?.object)
  const ref = engine.target(asked.object)
  const from = ref && manifests.find(({ object }) => isOf(object, ref, ref.name) && isHere(object, driven))
  const target = from?.object ?? (seen.target?.metadata.name === ref?.name ? seen.target : undefined)
  const written: Seen = { ...asked, target }
  const template = engine.template(written)
  const renewed = template && withImages(template.spec, inputs.images)
  const wish = engine.wish(written)
  const others = manifests.filter((one) => one !== own && one !== from)
  const measures = ({ object }: Manifest): boolean =>
    object.kind === engine.measures.kind && isHere(object, driven)
  const [first, strange] = [others.filter(measures), others.filter((one) => !measures(one))]
  return {
    wish:
      template && renewed ? engine.withTemplate(written, wish, { ...template, spec: renewed.spec }) : wish,
    asked: written,
    images: imagesOf(renewed?.spec ?? template?.spec),
    isOwn: own !== undefined,
    first,
    source: own?.source ?? from?.source,
    written: [own, from, ...first].filter((manifest) => manifest !== undefined),
    faults: [
      ...nothing(driven, inputs, own ?? from),
      ...strange.map((manifest) => strangeFault(manifest, driven)),
      ...(renewed?.unmatched ?? []).map((rule) => ({
        input: 'images',
        problem: `${printImageRule(rule)} changes nothing: ${titleOf(driven)} has ${printContainers(template)}`,
        example: `${template?.spec.containers[0]?.name ?? 'web'}=${rule.image.repository}:2`
      }))
    ]
  }
}

/**
 * What is to be wished for again should a release fail: what serves. A template that was aborted, or is taken back, is still
 * wished for, and would be tried once more.
 */
export function wishBefore({ engine, seen, state }: Driven): Wish {
  const wish = engine.wish(seen)
  if (state.wished === state.stable) return wish
  const template = engine.versions(seen).find(({ hash }) => hash === state.stable)?.template
  return template === undefined ? wish : engine.withTemplate(seen, wish, template)
}

const titleOf = ({ engine, workload }: Driven): string => `${engine.kind}/${workload}`

/** A manifest that names none is for the namespace of the release. */
const inNamespace = ({ object, ...manifest }: Manifest, { namespace }: Driven): Manifest => ({
  ...manifest,
  object: { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } }
})

const isHere = ({ metadata }: KubernetesObject, { namespace }: Driven): boolean =>
  metadata.namespace === namespace

const isOf = (
  { apiVersion, kind, metadata }: KubernetesObject,
  wanted: { readonly apiVersion: string; readonly kind: string },
  name: string
): boolean => kind === wanted.kind && apiVersion === wanted.apiVersion && metadata.name === name

/** The live object with the spec that somebody has written; how many pods there are stays as it is. */
const withSpecOf = ({ target: _, ...seen }: Seen, written: KubernetesObject | undefined): Seen =>
  written === undefined
    ? seen
    : {
        ...seen,
        object: { ...seen.object, spec: { ...specOf(written), ...keptOf(seen.object) } } as KubernetesObject
      }

const imagesOf = (spec: PodTemplate['spec'] | undefined): readonly string[] =>
  spec?.containers.map(({ image }) => image ?? '') ?? []

const printContainers = (template: PodTemplate | undefined): string =>
  [...(template?.spec.containers ?? []), ...(template?.spec.initContainers ?? [])]
    .map(({ name, image }) => `${name}=${image ?? ''}`)
    .join(', ')

/** A release without a new version is a mistake. */
const nothing = (driven: Driven, { images, manifests }: Inputs, written: Manifest | undefined): Fault[] =>
  images.length > 0 || written !== undefined
    ? []
    : [
        {
          input: manifests.length > 0 ? 'manifests' : 'images',
          problem: `nothing says what to release: no ${driven.engine.object.kind} ${driven.workload} in the manifests, and no images`,
          example: 'images: shop/web:2'
        }
      ]

const strangeFault = ({ object, source }: Manifest, driven: Driven): Fault => ({
  input: 'manifests',
  problem: `${source}: ${object.kind} ${object.metadata.name} cannot be part of a release of ${titleOf(driven)} yet, only its ${driven.engine.object.kind}, what that takes its template from, and its ${driven.engine.measures.kind}s`,
  example: 'apply it in a step before'
})
