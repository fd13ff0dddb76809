import type { Engine } from './engine.ts'
import { canaryEngine } from './canary/canary.ts'
import { rolloutEngine } from './rollout/rollout.ts'

/** Every controller that can be driven. */
export const ENGINES: readonly Engine[] = [rolloutEngine, canaryEngine]

export const engineOfKind = (kind: string): Engine | undefined =>
  ENGINES.find((engine) => engine.kind === kind)
