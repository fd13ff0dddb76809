import { formatDuration } from '../../base/duration.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { isKept, hooksOfType } from './hooks.ts'
import { intervalOf, iterationsOf, skipsAnalysis, strategyOf, titleOf, weightsOf } from './objects.ts'

/** Who would meet the new version before it is tested, and who could say no to it. */
export function exposure(canary: KubernetesObject, tests: boolean): readonly string[] {
  return [...unanalysed(canary), ...withoutVeto(canary), ...(tests ? untested(canary) : [])]
}

/** Flagger's own load tester, by the name under which its documentation installs it. */
const hook = (type: string, path: string, { metadata }: KubernetesObject): string =>
  `{type: ${type}, name: ${type}, url: http://flagger-loadtester.${metadata.namespace ?? 'test'}${path}}`

const unanalysed = (canary: KubernetesObject): readonly string[] =>
  skipsAnalysis(canary)
    ? [
        `${titleOf(canary)} analyses nothing (spec.skipAnalysis, or no spec.analysis): Flagger promotes a version as soon as its pods are ready`
      ]
    : []

function withoutVeto(canary: KubernetesObject): readonly string[] {
  if (isKept(canary, 'rollback')) return []
  const others = hooksOfType(canary, 'rollback')
  const why =
    others.length === 0
      ? 'it has no webhook of type rollback'
      : `its webhook ${others[0]?.name ?? ''} is not Flagger's own load tester (…/rollback/check)`
  return [
    `nobody can veto ${titleOf(canary)}: ${why}. When one of our checks fails, the template of before is put back, whose pods replace the new ones, and Flagger goes on through its steps with it. With the webhook ${hook('rollback', '/rollback/check', canary)} it takes the version back itself`
  ]
}

function untested(canary: KubernetesObject): readonly string[] {
  const every = formatDuration(intervalOf(canary))
  if (strategyOf(canary) === 'weights') {
    if (hooksOfType(canary, 'confirm-traffic-increase').length > 0) return []
    const [first = 100] = weightsOf(canary)
    return [
      `the smoke tests run while up to ${first}% of the users are on the new version already: Flagger gives it its first share at its next look after its pods are ready, every ${every}. With the webhook ${hook('confirm-traffic-increase', '/gate/check', canary)} they run before the first one`
    ]
  }
  if (strategyOf(canary) === 'match')
    return [
      `the smoke tests run while the users whose requests match are on the new version already: Flagger sends them there at its next look after its pods are ready, every ${every}`
    ]
  if (hooksOfType(canary, 'confirm-promotion').length > 0) return []
  return [
    `Flagger promotes the new version after ${iterationsOf(canary)} looks, one every ${every}, whether the smoke tests have passed by then or not. With the webhook ${hook('confirm-promotion', '/gate/check', canary)} it waits for them`
  ]
}
