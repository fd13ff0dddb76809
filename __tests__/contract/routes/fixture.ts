import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import type { Backends, PodLabels, Route, RouteObjects, Split } from '../../../src/routes/route.ts'

/** The cases of the contract that a kind of route may be excepted from. */
export type Case =
  | 'weights'
  | 'idempotent'
  | 'foreign fields'
  | 'settle stable'
  | 'settle canary'
  | 'not told to follow'
  | 'follow, then stable'
  | 'header'
  | 'header then weight'
  | 'mirror'
  | 'mirror then weight'
  | 'stale'
  | 'foreign edit'
  | 're-applied'
  | 'annotation lost'

/** A route that cannot be released with, and the words that must be in what is said of it. */
export interface Hopeless {
  readonly title: string
  /** What is wrong with the objects; the fixture's own when it is the splits. */
  readonly objects?: (namespace: string) => RouteObjects
  readonly splits: readonly Split[]
  readonly problem: RegExp
  /** The API server would refuse what the split makes of it. */
  readonly refused?: true
}

/** One kind of route, as its users have it. */
export interface RouteFixture {
  readonly name: string
  readonly route: Route
  /** What the user has applied: also rules, filters, annotations and weights that are no business of the release. */
  readonly objects: (namespace: string) => RouteObjects
  readonly backends: (namespace: string) => Backends
  /** Of both versions; without them nothing is known. */
  readonly pods?: PodLabels
  /** Of live objects, what no step of a release may change. */
  readonly foreign: (objects: readonly KubernetesObject[]) => unknown
  /** What somebody else may do to them in the middle of a release, spec and annotations. */
  readonly edit: (objects: RouteObjects) => RouteObjects
  /** The user's spec after a release whose canary has become stable, where it is not the one from before. */
  readonly promoted?: (objects: RouteObjects) => readonly unknown[]
  readonly hopeless: readonly Hopeless[]
  /** Why a case is not for this kind. */
  readonly exceptions: Readonly<Partial<Record<Case, string>>>
}

export const backends = (namespace: string): Backends => ({
  namespace,
  apex: 'web',
  stable: 'web-blue',
  canary: 'web-green',
  selectors: {
    before: { app: 'web' },
    stable: { app: 'web', 'greenlight.dev/slot': 'blue' },
    canary: { app: 'web', 'greenlight.dev/slot': 'green' }
  }
})
