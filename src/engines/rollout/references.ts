import type { KubernetesObject } from '../../kubernetes/objects.ts'
import type { Ref } from '../../kubernetes/ref.ts'
import { at, isTrueAt, listAt, textAt } from '../../kubernetes/read.ts'
import { isTree } from '../../kubernetes/tree.ts'
import type { Wish } from '../engine.ts'
import { blueGreenOf, canaryOf, GROUP } from './objects.ts'

/** An analysis that a Rollout names, and where. */
export interface NamedAnalysis {
  readonly path: string
  readonly analysis: unknown
  /** Ends with the release; any other has to come to an end by itself. */
  readonly isBackground: boolean
}

/** @param rollout with the spec that is wished for */
export function analysesNamedIn(rollout: unknown): readonly NamedAnalysis[] {
  const canary = 'spec.strategy.canary'
  const blueGreen = 'spec.strategy.blueGreen'
  const named = [
    { path: `${canary}.analysis`, analysis: at(canaryOf(rollout), 'analysis'), isBackground: true },
    ...listAt(canaryOf(rollout), 'steps').map((step, index) => ({
      path: `${canary}.steps[${index}].analysis`,
      analysis: at(step, 'analysis'),
      isBackground: false
    })),
    ...['prePromotionAnalysis', 'postPromotionAnalysis'].map((key) => ({
      path: `${blueGreen}.${key}`,
      analysis: at(blueGreenOf(rollout), key),
      isBackground: false
    }))
  ]
  return named.filter(({ analysis }) => isTree(analysis))
}

/** Names of the AnalysisTemplates of an analysis that are in the namespace. */
export const localTemplatesOf = (analysis: unknown): readonly string[] =>
  listAt(analysis, 'templates')
    .filter((template) => !isTrueAt(template, 'clusterScope'))
    .map((template) => textAt(template, 'templateName'))
    .filter((name) => name !== '')

const SERVICES = [
  ['blueGreen', 'activeService'],
  ['blueGreen', 'previewService'],
  ['canary', 'stableService'],
  ['canary', 'canaryService']
] as const

/** The Services that a Rollout names, and where. */
export const servicesNamedIn = (rollout: unknown): readonly { path: string; name: string }[] =>
  SERVICES.flatMap(([strategy, key]) => {
    const name = textAt(rollout, 'spec', 'strategy', strategy, key)
    return name === '' ? [] : [{ path: `spec.strategy.${strategy}.${key}`, name }]
  })

/** What has to exist for a Rollout as it is wished for: Services and AnalysisTemplates. */
export function refersTo({ metadata: { namespace } }: KubernetesObject, { object }: Wish): readonly Ref[] {
  const rollout = { spec: object }
  const templates = analysesNamedIn(rollout).flatMap(({ analysis }) => localTemplatesOf(analysis))
  const services = servicesNamedIn(rollout).map(({ name }) => name)
  return [
    ...[...new Set(services)].map((name) => ({ apiVersion: 'v1', kind: 'Service', namespace, name })),
    ...[...new Set(templates)].map((name) => ({
      apiVersion: `${GROUP}/v1alpha1`,
      kind: 'AnalysisTemplate',
      namespace,
      name
    }))
  ]
}
