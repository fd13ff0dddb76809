import type { Fault } from '../../base/errors.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { at, countAt, listAt, textAt } from '../../kubernetes/read.ts'
import type { Ref } from '../../kubernetes/ref.ts'
import { isTree } from '../../kubernetes/tree.ts'
import { durationIn } from '../durations.ts'
import type { Wish } from '../engine.ts'
import { analysisOf, METRIC_TEMPLATE, skipsAnalysis, strategyOf, titleOf, weightsOf } from './objects.ts'

interface Finding {
  readonly path: string
  readonly problem: string
  readonly mend: string
}

/** What Flagger would fail with, or wait for without an end, as far as the objects tell: it says that in Events alone. */
export function lint(
  object: KubernetesObject,
  wish: Wish,
  beside: readonly KubernetesObject[]
): readonly Fault[] {
  const canary = { ...object, spec: wish.object }
  const findings = [
    ...(skipsAnalysis(canary)
      ? []
      : [...stepFindings(canary), ...metricFindings(canary, beside), ...hookFindings(canary)]),
    ...affinityFindings(canary)
  ]
  return findings.map(({ path, problem, mend }) => ({
    input: 'workload',
    problem: `${titleOf(object)}, ${path}: ${problem}`,
    example: mend
  }))
}

const analysisPath = (canary: unknown): string =>
  isTree(at(canary, 'spec', 'analysis')) ? 'spec.analysis' : 'spec.canaryAnalysis'

function stepFindings(canary: KubernetesObject): readonly Finding[] {
  const path = analysisPath(canary)
  if (strategyOf(canary) !== 'weights') return []
  const weights = weightsOf(canary)
  if (weights.length === 0)
    return [
      {
        path,
        problem: 'it has neither stepWeight, nor stepWeights, nor iterations: Flagger would never go on',
        mend: 'stepWeight: 10 and maxWeight: 50'
      }
    ]
  const falling = weights.findIndex((weight, index) => index > 0 && weight <= (weights[index - 1] ?? 0))
  return falling < 0
    ? []
    : [
        {
          path: `${path}.stepWeights[${falling}]`,
          problem: `${weights[falling] ?? ''} comes after ${weights[falling - 1] ?? ''}: Flagger would give all the rest at once`,
          mend: 'weights that rise'
        }
      ]
}

const BUILT_IN: ReadonlySet<string> = new Set(['request-success-rate', 'request-duration'])

/** The MetricTemplates that a Canary names in its own namespace. */
function templateNameOf(metric: unknown, namespace: string | undefined): string | undefined {
  const where = textAt(metric, 'templateRef', 'namespace') || namespace
  const name = textAt(metric, 'templateRef', 'name')
  return name !== '' && where === namespace ? name : undefined
}

export function refersTo({ metadata: { namespace } }: KubernetesObject, { object }: Wish): readonly Ref[] {
  const names = listAt(analysisOf({ spec: object }), 'metrics').flatMap(
    (metric) => templateNameOf(metric, namespace) ?? []
  )
  return [...new Set(names)].map((name) => ({ ...METRIC_TEMPLATE, namespace, name }))
}

function metricFindings(canary: KubernetesObject, beside: readonly KubernetesObject[]): readonly Finding[] {
  return listAt(analysisOf(canary), 'metrics').flatMap((metric, index): readonly Finding[] => {
    const path = `${analysisPath(canary)}.metrics[${index}]`
    const name = textAt(metric, 'name')
    const template = templateNameOf(metric, canary.metadata.namespace)
    const isKnown = beside.some(
      ({ kind, metadata }) => kind === METRIC_TEMPLATE.kind && metadata.name === template
    )
    if (template !== undefined && !isKnown)
      return [
        {
          path: `${path}.templateRef`,
          problem: `metrictemplate/${template} does not exist: every look would count as bad`,
          mend: 'create it first, or put it into the manifests'
        }
      ]
    const hasQuery = textAt(metric, 'query') !== '' || at(metric, 'templateRef') !== undefined
    if (!hasQuery && !BUILT_IN.has(name))
      return [
        {
          path,
          problem: `${name || 'it'} is measured by nothing: without templateRef there are request-success-rate and request-duration alone`,
          mend: `templateRef: {name: ${name || 'errors'}}`
        }
      ]
    return [...rangeFindings(metric, path)]
  })
}

/** The old `threshold` is 0 where it is absent: everything above that would be bad, or nothing. */
function rangeFindings(metric: unknown, path: string): readonly Finding[] {
  const [min, max] = [countAt(metric, 'thresholdRange', 'min'), countAt(metric, 'thresholdRange', 'max')]
  const isBounded = min !== undefined || max !== undefined || at(metric, 'threshold') !== undefined
  return isBounded
    ? []
    : [
        {
          path,
          problem: `${textAt(metric, 'name')} has no bound: Flagger would compare it with 0`,
          mend: 'thresholdRange: {min: 99}'
        }
      ]
}

function hookFindings(canary: KubernetesObject): readonly Finding[] {
  return listAt(analysisOf(canary), 'webhooks').flatMap((hook, index): readonly Finding[] => {
    const path = `${analysisPath(canary)}.webhooks[${index}]`
    const [timeout, url, type] = [textAt(hook, 'timeout'), textAt(hook, 'url'), textAt(hook, 'type')]
    const findings: Finding[] = []
    if (!URL.canParse(url))
      findings.push({ path: `${path}.url`, problem: `${url} is no URL`, mend: 'http://…' })
    if (timeout.length > 1 && durationIn(timeout) === undefined)
      findings.push({ path: `${path}.timeout`, problem: `${timeout} is no duration`, mend: '10s' })
    if (type === 'rollback' && URL.canParse(url) && new URL(url).pathname.startsWith('/gate/'))
      findings.push({
        path: `${path}.url`,
        problem: `${url} is a gate: whoever opened it would take the version back`,
        mend: 'the path /rollback/check'
      })
    return findings
  })
}

/** Flagger refuses such a Canary without a word in its status. */
function affinityFindings(canary: KubernetesObject): readonly Finding[] {
  const affinity = at(analysisOf(canary), 'sessionAffinity')
  const names = [textAt(affinity, 'cookieName'), textAt(affinity, 'primaryCookieName')]
  return isTree(affinity) && names[0] === names[1]
    ? [
        {
          path: `${analysisPath(canary)}.sessionAffinity`,
          problem: 'both versions have the cookie of the same name',
          mend: 'another primaryCookieName'
        }
      ]
    : []
}
