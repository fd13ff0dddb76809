/**
 * Milliseconds between the switch and the end of the pods that served until then. Every node's proxy learns of
 * the switch on its own, up to a second and more later, and clients finish what they have begun.
 */
export const DRAIN = 10_000

/** The longest drain that one of the routes asks for, in milliseconds. */
export const drainOf = (routes: readonly { readonly drain?: number }[]): number =>
  Math.max(DRAIN, ...routes.map(({ drain = 0 }) => drain))
