import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { countAt, textAt, treeAt } from '../../kubernetes/read.ts'
import { isTree } from '../../kubernetes/tree.ts'
import type { LintFault, Wish } from '../engine.ts'
import { analysisFaults } from './lint-analyses.ts'
import { stepFaults } from './lint-steps.ts'
import { HASH_LABEL } from './objects.ts'
import { servicesNamedIn } from './references.ts'

/** What is wrong at a place, and what to write there instead. */
export interface Finding {
  /** Where that is not the Rollout. */
  readonly object?: KubernetesObject
  readonly path: string
  readonly problem: string
  readonly mend: string
}

/**
 * What Argo Rollouts' own validation says no to, or what fails with it later, as far as the objects tell. It would say
 * that only after the version was brought, as a Degraded Rollout.
 */
export function lint(
  object: KubernetesObject,
  wish: Wish,
  beside: readonly KubernetesObject[]
): readonly LintFault[] {
  const rollout = { spec: wish.object }
  const template = treeAt(wish.target ?? wish.object, 'template')
  const findings = [
    ...misplaced(rollout),
    ...serviceFindings(rollout, template, beside),
    ...deadlineFindings(rollout),
    ...stepFaults(rollout),
    ...analysisFaults(rollout, beside)
  ]
  return findings.map(({ object: { kind, metadata } = object, path, problem, mend }) => ({
    input: 'workload',
    problem: `${kind.toLowerCase()}/${metadata.name}, ${path}: ${problem}`,
    example: mend,
    place: { kind, name: metadata.name, path }
  }))
}

/** Fields of the one strategy do nothing in the other: the API server drops them without a word. */
const FIELDS = {
  canary: [
    'activeService',
    'previewService',
    'previewReplicaCount',
    'autoPromotionEnabled',
    'autoPromotionSeconds',
    'prePromotionAnalysis',
    'postPromotionAnalysis'
  ],
  blueGreen: ['canaryService', 'stableService', 'steps', 'trafficRouting', 'maxSurge', 'analysis']
} as const

const INSTEAD: Readonly<Record<string, string>> = {
  autoPromotionEnabled: 'a step `pause: {}` where somebody has to say yes',
  steps: 'prePromotionAnalysis and autoPromotionEnabled: false, or strategy canary'
}

const misplaced = (rollout: unknown): readonly Finding[] =>
  Object.entries(FIELDS).flatMap(([strategy, keys]) => {
    const found = treeAt(rollout, 'spec', 'strategy', strategy)
    return keys
      .filter((key) => key in found)
      .map((key) => ({
        path: `spec.strategy.${strategy}.${key}`,
        problem: `there is no such field in strategy ${strategy}, it would be dropped`,
        mend: INSTEAD[key] ?? `no ${key} there`
      }))
  })

function serviceFindings(
  rollout: unknown,
  template: unknown,
  beside: readonly KubernetesObject[]
): readonly Finding[] {
  const labels = treeAt(template, 'metadata', 'labels')
  const named = servicesNamedIn(rollout)
  const twice = named.filter(({ name }, at) => named.findIndex((one) => one.name === name) !== at)
  return [
    ...twice.map(({ path, name }) => ({
      path,
      problem: `service/${name} is named twice, and the old version and the new one need a Service each`,
      mend: `${name}-preview, or ${name}-canary`
    })),
    ...named.flatMap(({ path, name }): Finding[] => {
      const service = beside.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name)
      if (service === undefined)
        return [{ path, problem: `service/${name} does not exist`, mend: 'create it first' }]
      const selector = Object.entries(treeAt(service, 'spec', 'selector'))
      return selector
        .filter(([key, value]) => key !== HASH_LABEL && labels[key] !== value)
        .map(([key, value]) => ({
          path,
          problem: `service/${name} selects ${key}=${String(value)}, which the pods do not have`,
          mend: `${key}: ${String(value)} in the labels of the template`
        }))
    })
  ]
}

/** Argo Rollouts' own defaults. */
const DEADLINE_SECONDS = 600

function deadlineFindings(rollout: unknown): readonly Finding[] {
  const ready = countAt(rollout, 'spec', 'minReadySeconds') ?? 0
  const deadline = countAt(rollout, 'spec', 'progressDeadlineSeconds') ?? DEADLINE_SECONDS
  const routing = treeAt(rollout, 'spec', 'strategy', 'canary')
  const findings: Finding[] = []
  if (deadline <= ready)
    findings.push({
      path: 'spec.progressDeadlineSeconds',
      problem: `${deadline} s are over before a pod counts as ready, after minReadySeconds: ${ready}`,
      mend: String(ready + DEADLINE_SECONDS)
    })
  if (isTree(routing.trafficRouting)) return findings
  for (const key of ['scaleDownDelaySeconds', 'dynamicStableScale'])
    if (textAt(routing, key) !== '' || routing[key] === true)
      findings.push({
        path: `spec.strategy.canary.${key}`,
        problem: 'it needs a router, spec.strategy.canary.trafficRouting',
        mend: `no ${key}, or a trafficRouting`
      })
  return findings
}
