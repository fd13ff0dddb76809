import type { Route, RouteObjects } from '../routes/route.ts'

/**
 * Milliseconds between the switch and the end of the pods that served until then. Every node's proxy learns of
 * the switch on its own, up to a second and more later, and clients finish what they have begun.
 */
export const DRAIN = 10_000

interface Routed {
  readonly route: Pick<Route, 'lag'>
  readonly objects: RouteObjects
}

/** The longest that one of the routes needs to learn what was written, in milliseconds. */
export const lagOf = (routes: readonly Routed[]): number =>
  Math.max(0, ...routes.map(({ route, objects }) => route.lag?.(objects) ?? 0))

/** The drain that these routes need, in milliseconds: until they have learnt of it, a last request may come. */
export const drainOf = (routes: readonly Routed[]): number => Math.max(DRAIN, lagOf(routes))
