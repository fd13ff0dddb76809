import { backendsOf } from '../domain/record.ts'
import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { keyOf } from '../kubernetes/ref.ts'
import type { Labels } from '../kubernetes/selectors.ts'
import type { Observed, ObservedRoute } from '../observe/observed.ts'
import { methodOf } from '../plan/method.ts'
import type { Prepared } from '../plan/prepare.ts'
import type { Step } from '../plan/step.ts'
import type { Backends, Split } from '../routes/route.ts'
import { changes } from '../traffic/changes.ts'

/** What of somebody's object a release writes. */
export interface Edit {
  readonly object: KubernetesObject
  /** JSON pointer of the field. */
  readonly field: string
  /** If the field is a map: all values that it has during the release. */
  readonly becomes?: readonly Labels[]
}

/** Fields of objects that were there before, which the release changes and leaves changed, or changes for a time. */
export function editsOf(
  steps: readonly Step[],
  { release, routes, steps: shares }: Pick<Prepared, 'release' | 'routes' | 'steps'>,
  observed: Observed
): readonly Edit[] {
  const { service, stable, slots, autoscaler, namespace } = observed
  const { selectors } = release
  const becomes = [
    selectors.stable,
    selectors.canary,
    ...(selectors.both === undefined ? [] : [selectors.both])
  ]
  const selecting = methodOf(release)
    .movesTrafficOn(observed)
    .filter(({ kind }) => kind === 'Service')
    .map((object) => ({ object, field: '/spec/selector', becomes }))
  const backends = backendsOf(release, namespace, service.metadata.name)
  const splits = [...shares.map(({ split }) => split), { weight: 100 }]
  return [
    ...selecting,
    ...steps.flatMap((step): readonly Edit[] => {
      if (step.kind === 'scale-down' && step.side === 'stable')
        return [{ object: stable.deployment, field: '/spec/replicas' }]
      if (step.kind === 'retire')
        return slotNamed(step.deployment, slots).map((object) => ({ object, field: '/spec/replicas' }))
      if (step.kind === 'replace') return [{ object: stable.deployment, field: '/spec/template' }]
      if (step.kind === 'point-autoscaler' && autoscaler !== undefined)
        return [{ object: autoscaler, field: '/spec/scaleTargetRef' }]
      if (step.kind !== 'start') return []
      return slotNamed(step.deployment.metadata.name, slots).flatMap((object) =>
        ['/spec/replicas', '/spec/template'].map((field) => ({ object, field }))
      )
    }),
    ...routes.flatMap((route) => routeEdits(route, backends, splits))
  ]
}

const slotNamed = (name: string, slots: Observed['slots']): readonly Deployment[] =>
  Object.values(slots).filter(({ metadata }) => metadata.name === name)

/** Found by applying the route's functions to the objects, since each kind of route writes other fields. */
function routeEdits(
  { route, objects }: ObservedRoute,
  backends: Backends,
  splits: readonly Split[]
): readonly Edit[] {
  const fields = (object: KubernetesObject): string[] =>
    [
      ...splits.flatMap((split) => route.split(objects, backends, split)),
      ...(route.follow?.(objects, backends) ?? [])
    ]
      .filter((written) => keyOf(written) === keyOf(object))
      .flatMap((written) => changes(object, written).map(({ path }) => path))
  return objects.flatMap((object) =>
    [...new Set(fields(object))].filter(isOthers).map((field) => ({ object, field }))
  )
}

const isOthers = (field: string): boolean =>
  field !== '/metadata/resourceVersion' &&
  field !== '/metadata/annotations' &&
  !field.startsWith('/metadata/annotations/greenlight.dev')
