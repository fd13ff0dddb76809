import type { KubernetesObject } from '../../kubernetes/objects.ts'
import type { Share } from '../engine.ts'
import { hooksOfType } from './hooks.ts'
import { intervalOf, weightsOf } from './objects.ts'

/** One look for each: that it is good is all that Flagger waits for, and for a yes before the first, and before the promotion. */
export const sharesOf = (canary: KubernetesObject): readonly Share[] =>
  weightsOf(canary).map((weight, index, all) => ({
    weight,
    step: index + 1,
    duration: intervalOf(canary),
    waits: index === all.length - 1 && hooksOfType(canary, 'confirm-promotion').length > 0
  }))
