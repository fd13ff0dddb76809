import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { at, countAt, listAt, textAt } from '../../kubernetes/read.ts'
import { isTree } from '../../kubernetes/tree.ts'
import type { Finding } from './lint.ts'
import { strategyOf } from './objects.ts'
import { analysesNamedIn, localTemplatesOf, type NamedAnalysis } from './references.ts'

/** What is wrong with the analyses that a Rollout names. Those of the whole cluster are not looked at. */
export function analysisFaults(rollout: unknown, beside: readonly KubernetesObject[]): readonly Finding[] {
  const named = analysesNamedIn(rollout).flatMap((one) =>
    localTemplatesOf(one.analysis).map((name) => ({ ...one, name }))
  )
  const templateOf = (wanted: string): KubernetesObject | undefined =>
    beside.find(({ kind, metadata }) => kind === 'AnalysisTemplate' && metadata.name === wanted)
  const absent = named
    .filter(({ name }) => templateOf(name) === undefined)
    .map(({ path, name }) => ({
      path,
      problem: `analysistemplate/${name} does not exist`,
      mend: 'create it first'
    }))
  // One template may be named in every step.
  const templates = [...new Set(named.map(({ name }) => name))].flatMap((name) => templateOf(name) ?? [])
  return [
    ...absent,
    ...analysesNamedIn(rollout).flatMap((one) => argumentFaults(one, templateOf)),
    ...templates.flatMap((template) => [
      ...endlessFaults(
        template,
        named.filter(({ name, isBackground }) => name === template.metadata.name && !isBackground),
        // Around a switch there is no place for one without an end.
        strategyOf(rollout) === 'canary'
          ? ', or the analysis in spec.strategy.canary.analysis, beside all steps'
          : ''
      ),
      ...conditionFaults(template)
    ])
  ]
}

/** Arguments without a value in a template have to get one where it is named, which is for all templates there. */
function argumentFaults(
  { path, analysis }: NamedAnalysis,
  templateOf: (name: string) => KubernetesObject | undefined
): readonly Finding[] {
  const given = listAt(analysis, 'args').map((argument) => textAt(argument, 'name'))
  const needed = localTemplatesOf(analysis).flatMap((name) =>
    listAt(templateOf(name), 'spec', 'args')
      .filter((argument) => (at(argument, 'value') ?? at(argument, 'valueFrom') ?? undefined) === undefined)
      .map((argument) => ({ template: name, argument: textAt(argument, 'name') }))
      .filter(({ argument }) => !given.includes(argument))
  )
  return [...Map.groupBy(needed, ({ argument }) => argument)].map(([argument, by]) => ({
    path,
    problem: `${by.map(({ template }) => `analysistemplate/${template}`).join(' and ')} ${by.length === 1 ? 'needs' : 'need'} the argument ${argument}`,
    mend: `args: [{name: ${argument}, value: …}]`
  }))
}

const metricsOf = (template: KubernetesObject): readonly unknown[] => listAt(template, 'spec', 'metrics')

/** In a step, and around a switch, an analysis without an end would hold the release for ever. */
const endlessFaults = (
  template: KubernetesObject,
  places: readonly Pick<NamedAnalysis, 'path'>[],
  elsewhere: string
): readonly Finding[] =>
  places.length === 0
    ? []
    : metricsOf(template).flatMap((metric, index): Finding[] =>
        textAt(metric, 'interval') === '' || isCounted(metric)
          ? []
          : [
              {
                object: template,
                path: `spec.metrics[${index}]`,
                problem: `metric ${textAt(metric, 'name')} has an interval and no count, so that it runs indefinitely in ${places.map(({ path }) => shortened(path)).join(', ')}`,
                mend: `count: 5 in that metric${elsewhere}`
              }
            ]
      )

/** `steps[2]` of `spec.strategy.canary.steps[2].analysis` */
const shortened = (path: string): string =>
  path.replace(/^spec\.strategy\.\w+\./, '').replace(/\.analysis$/, '')

/** A count may come from an argument, `{{args.count}}`. */
function isCounted(metric: unknown): boolean {
  const count = countAt(metric, 'count')
  return count === undefined ? textAt(metric, 'count') !== '' : count > 0
}

/** A query brings a list, and a list cannot be compared with a number: each measurement is an error, and the fifth aborts. */
const conditionFaults = (template: KubernetesObject): readonly Finding[] =>
  metricsOf(template).flatMap((metric, index) =>
    isTree(at(metric, 'provider', 'prometheus'))
      ? ['successCondition', 'failureCondition'].flatMap((key): Finding[] => {
          const condition = textAt(metric, key)
          return comparesList(condition)
            ? [
                {
                  object: template,
                  path: `spec.metrics[${index}].${key}`,
                  problem: `"${condition}" compares a list with a number, which is an error at every measurement, and five abort the release`,
                  mend: condition.replaceAll(LIST, 'result[0]')
                }
              ]
            : []
        })
      : []
  )

/** `result` by itself: no item of it, no field, no function of it. */
const LIST = /(?<![\w.(])result(?![\w.[])/g

const comparesList = (condition: string): boolean =>
  new RegExp(`${LIST.source}\\s*(?:[<>]=?|[=!]=)|(?:[<>]=?|[=!]=)\\s*${LIST.source}`).test(condition)
