import type { KubernetesObject } from '../../src/kubernetes/objects.ts'

/** Annotations that a controller keeps, not the object's author. */
const KEPT_BY_CONTROLLERS = ['deployment.kubernetes.io/revision']

/** An object as its author could have written it: without what the API server and controllers say of it. */
export function withoutBookkeeping(object: KubernetesObject): unknown {
  const {
    status: _,
    spec,
    metadata,
    ...rest
  } = object as KubernetesObject & {
    readonly status?: unknown
    readonly spec?: Readonly<Record<string, unknown>>
  }
  const { name, labels = {}, annotations = {} } = metadata
  const others = Object.entries(annotations).filter(([key]) => !KEPT_BY_CONTROLLERS.includes(key))
  // The API server leaves out what is false.
  const { paused, ...fields } = spec ?? {}
  return {
    ...rest,
    spec: paused === true ? spec : fields,
    metadata: { name, labels, annotations: Object.fromEntries(others) }
  }
}

/** What says that Greenlight was there: `Service/web greenlight.dev/release`. */
export const marksIn = ({ kind, metadata }: KubernetesObject): readonly string[] =>
  Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith('greenlight.dev/') || value.startsWith('greenlight '))
    .map(([key]) => `${kind}/${metadata.name} ${key}`)
