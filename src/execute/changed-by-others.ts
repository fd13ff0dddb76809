import { ReleaseFailed } from '../base/errors.ts'
import { hasTemplateOf } from '../kubernetes/health.ts'
import type { Deployment } from '../kubernetes/objects.ts'

/** Why a release cannot go on with a template that was not tested; undefined while the Deployment has the known one. */
export const changeIn = (known: Deployment, live: Deployment | undefined): ReleaseFailed | undefined =>
  live === undefined || hasTemplateOf(live, known)
    ? undefined
    : new ReleaseFailed(changedByOthers(known.metadata.name))

export const changedByOthers = (deployment: string): string =>
  `deployment/${deployment} was given another template by somebody else while the release ran`
