import { percent } from '../base/counted.ts'
import type { DrivenBy, Outcome } from '../domain/outcome.ts'
import type { Analysis } from '../engines/engine.ts'
import type { Limits } from './limits.ts'
import { bullets, more, paragraphs, section, table } from './markdown.ts'
import { clean, codeSpan, forMarkdown, oneLine, truncate } from './text.ts'

/** What is told of a workload that a controller releases: what it is at, its steps, and what it has measured. */

type State = DrivenBy['state']

/** In one sentence without a dot. Holds words of others. */
export function describeState(state: State): string {
  switch (state.at) {
    case 'unseen':
      return `the last change is not taken up yet: ${state.what}`
    case 'rest':
      return 'nothing is being released'
    case 'moving':
      return `${placeOf(state)}: ${state.what}`
    case 'gate':
      return state.gate === 'held'
        ? `${placeOf(state)}: ${state.what}`
        : `${placeOf(state)}, waits for a yes: ${state.what}`
    case 'failed':
      return state.aborted
        ? `aborted, ${percent(state.weight.now)} of the traffic is on the new version: ${state.why}`
        : `failed ${placeOf(state)}, and is not aborted: ${state.why}`
  }
}

function placeOf({ weight, step, of }: Extract<State, { at: 'moving' | 'gate' | 'failed' }>): string {
  const where = step === undefined || of === undefined ? '' : `step ${step} of ${of}, `
  const wanted = weight.wanted === weight.now ? '' : `, ${percent(weight.wanted)} wanted`
  return `at ${where}${percent(weight.now)} of the traffic on the new version${wanted}`
}

const MOST_VALUES = 10
/** A release has a handful of both: what is more is a bounded amount of work nevertheless. */
const MOST_ANALYSES = 20
const MOST_METRICS = 10

/** `0.97 ✓, 0.91 ✗` */
function valuesOf({ measurements }: Analysis['metrics'][number]): string {
  const shown = measurements.slice(-MOST_VALUES)
  return shown.map(({ value, phase }) => `${value || 'no value'}${MARKS[phase] ?? ''}`).join(', ')
}

/** What the controller has measured of metrics that failed, in words. */
export const failedFigures = (analyses: readonly Analysis[]): readonly string[] =>
  analyses
    .flatMap(({ metrics }) => metrics)
    .filter(({ phase, measurements }) => ['Failed', 'Error'].includes(phase) && measurements.length > 0)
    .slice(0, MOST_METRICS)
    .map(({ name, phase, measurements }) => {
      // Prometheus answers with a list, of one value as a rule.
      const values = measurements
        .slice(-MOST_VALUES)
        .map(({ value }) => value.replace(/^\[([^,[\]]*)\]$/, '$1') || 'nothing')
      return `${name} measured ${values.join(', ')} (${phase.toLowerCase()})`
    })

const MARKS: Readonly<Record<string, string>> = {
  Successful: ' ✓',
  Failed: ' ✗',
  Error: ' (error)',
  Inconclusive: ' ?'
}

interface Row {
  readonly name: string
  readonly when: string
  readonly phase: string
  readonly metric: string
  readonly values: string
  readonly said: string
}

/** One for each metric; an analysis without any has one, too. */
const rowsOf = (analyses: readonly Analysis[]): readonly Row[] =>
  analyses.slice(-MOST_ANALYSES).flatMap(({ name, when, phase, message, metrics }): readonly Row[] =>
    metrics.length === 0
      ? [{ name, when, phase, metric: '', values: '', said: message }]
      : metrics.slice(0, MOST_METRICS).map((metric) => ({
          name,
          when,
          phase: metric.phase || phase,
          metric: metric.name,
          values: valuesOf(metric),
          said: metric.message || message
        }))
  )

/** For the summary. */
export function drivenReport({ driven }: Outcome, limits: Limits): string {
  if (driven === undefined) return ''
  const { title, object, state, steps, analyses } = driven
  const { rows, characters } = limits
  const measured = rowsOf(analyses)
  return paragraphs(
    section(
      `What ${title} is at`,
      `${codeSpan(object, 80)}: ${forMarkdown(describeState(state), characters)}`,
      steps.length === 0 ? '' : 'It takes a new version through these steps:',
      bullets(steps.slice(0, rows).map((step) => forMarkdown(step, 120))),
      more(steps.length - rows, 'steps')
    ),
    section(
      `Analyses of ${title}`,
      table(
        ['Analysis', 'When', 'Metric', 'Phase', 'Measured', 'Said'],
        measured
          .slice(-rows)
          .map(({ name, when, metric, phase, values, said }) => [
            codeSpan(name, 80),
            forMarkdown(when, 40),
            metric === '' ? '' : codeSpan(metric, 80),
            forMarkdown(phase, 40),
            forMarkdown(values, characters),
            forMarkdown(said, characters)
          ])
      ),
      more(measured.length - rows, 'metrics before')
    )
  )
}

/** The same for the log, one line each. What others have written is in it. */
export function drivenLines({ driven }: Pick<Outcome, 'driven'>): readonly string[] {
  if (driven === undefined) return []
  const { object, state, steps, analyses } = driven
  return [
    oneLine(clean(`${object}: ${describeState(state)}`)),
    ...steps.map((step) => oneLine(clean(`step: ${step}`))),
    ...rowsOf(analyses).map(({ name, when, metric, phase, values, said }) =>
      ['analysis', name, when, metric, phase, values, said]
        .map((part) => oneLine(clean(part)))
        .filter((part) => part !== '')
        .join('  ')
    )
  ]
}

/** For the JSON. */
export function drivenJson({ title, object, state, steps, analyses }: DrivenBy, limits: Limits): object {
  const { rows, samples, characters } = limits
  const text = (original: string): string => truncate(clean(original), characters)
  return {
    by: title,
    object: text(object),
    state: Object.fromEntries(
      Object.entries(state).map(([key, value]) => [key, typeof value === 'string' ? text(value) : value])
    ),
    told: text(describeState(state)),
    steps: steps.slice(0, rows).map(text),
    analyses: analyses
      .slice(-Math.min(rows, MOST_ANALYSES))
      .map(({ name, when, phase, message, metrics }) => ({
        ...{ name: text(name), when: text(when), phase: text(phase), message: text(message) },
        metrics: metrics.slice(0, MOST_METRICS).map((metric) => ({
          ...{ name: text(metric.name), phase: text(metric.phase), message: text(metric.message) },
          measurements: (samples === 0 ? [] : metric.measurements.slice(-Math.min(samples, MOST_VALUES))).map(
            ({ value, phase: verdict }) => ({ value: text(value), phase: text(verdict) })
          )
        }))
      }))
  }
}

/** What a verdict in one sentence has to add. */
export function drivenHint({ driven }: Outcome): string {
  switch (driven?.state.at) {
    case 'gate':
      return driven.state.gate === 'held' ? ', paused by hand' : ', in a release that waits for a yes'
    case 'moving':
      return ', in the middle of a release'
    case 'failed':
      return ', after a release that failed'
    case 'unseen':
      return ', whose controller has not taken the last change'
    default:
      return ''
  }
}
