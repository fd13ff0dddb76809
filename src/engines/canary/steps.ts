import { formatDuration } from '../../base/duration.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { isTrueAt, listAt, textAt } from '../../kubernetes/read.ts'
import { hooksOfType, type Hook, type HookType } from './hooks.ts'
import {
  analysisOf,
  intervalOf,
  iterationsOf,
  skipsAnalysis,
  strategyOf,
  targetOf,
  thresholdOf,
  weightsOf
} from './objects.ts'

/** What the Canary does with a new version, in order. */
export function describeSteps(canary: KubernetesObject): readonly string[] {
  const { name } = targetOf(canary)
  const last = [`copies the template to deployment/${name}-primary, whose pods are replaced`, ALL]
  if (skipsAnalysis(canary)) return [`starts the pods of deployment/${name}`, 'analyses nothing', ...last]
  return [
    ...hooks(canary, 'confirm-rollout'),
    `starts the pods of deployment/${name}`,
    ...watching(canary),
    ...hooksBefore(canary),
    ...shares(canary),
    ...hooks(canary, 'confirm-promotion'),
    ...last
  ]
}

const ALL = '100% of the traffic: from the copy on nobody can take it back but by a release of its own'

const WAITS: Readonly<Record<Hook['kind'], string>> = {
  gate: 'waits until somebody says yes',
  approve: 'asks, and is always told yes',
  halt: 'waits until somebody edits it: it is always told no',
  rollback: 'asks whether to go back',
  foreign: 'waits until it is told yes there'
}

const hooks = (canary: KubernetesObject, type: HookType): readonly string[] =>
  hooksOfType(canary, type).map(({ name, kind }) => `${WAITS[kind]} (webhook ${name})`)

/** Only where it shares requests out does it ask before it gives more. */
const hooksBefore = (canary: KubernetesObject): readonly string[] =>
  strategyOf(canary) === 'weights' ? hooks(canary, 'confirm-traffic-increase') : []

/** What it looks at all the time. */
function watching(canary: KubernetesObject): readonly string[] {
  const metrics = listAt(analysisOf(canary), 'metrics').map((metric) => textAt(metric, 'name'))
  const tests = listAt(analysisOf(canary), 'webhooks')
    .filter((hook) => ['', 'rollout', 'pre-rollout'].includes(textAt(hook, 'type')))
    .map((hook) => `webhook ${textAt(hook, 'name')}`)
  const looked = [...metrics, ...tests].filter((name) => name !== '').join(', ') || 'nothing but its pods'
  const bad = thresholdOf(canary)
  return [
    `every ${formatDuration(intervalOf(canary))}: looks at ${looked}, and takes it back after ${bad} bad ${bad === 1 ? 'look' : 'looks'}`
  ]
}

function shares(canary: KubernetesObject): readonly string[] {
  const mirrors = isTrueAt(analysisOf(canary), 'mirror') ? ['copies of requests for a first look'] : []
  switch (strategyOf(canary)) {
    case 'weights':
      return [...mirrors, ...weightsOf(canary).map((weight) => `${weight}% of the traffic`)]
    case 'match':
      return [`the requests that match its conditions, for ${iterationsOf(canary)} looks`]
    case 'blue-green':
      return [...mirrors, `no users, for ${iterationsOf(canary)} looks`]
  }
}
