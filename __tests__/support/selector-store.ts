import type { Clock } from '../../src/base/clock.ts'
import type { Metrics, Series } from '../../src/checks/prometheus/metrics.ts'

type Labels = Series['labels']

interface Term {
  readonly matches: (labels: Labels) => boolean
  /** Seconds; undefined for the newest sample. */
  readonly range: number | undefined
  readonly offset: number
}

function holds(operator: string, wanted: string, found: string): boolean {
  const equal = operator.endsWith('~') ? new RegExp(`^(?:${wanted})$`).test(found) : found === wanted
  return operator.startsWith('!') ? !equal : equal
}

function parseTerm(text: string): Term {
  const parsed = /^(\w*)\{(.*)\}(?:\[(\d+)s\])?(?: offset (\d+)s)?$/.exec(text)
  if (!parsed) throw new Error(`not a selector: ${text}`)
  const [, name = '', inside = '', range, offset = '0'] = parsed
  const matchers = [...inside.matchAll(/(\w+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")(?:,|$)/g)]
  if (matchers.map(([whole]) => whole).join('') !== inside) throw new Error(`not matchers: ${inside}`)
  return {
    matches: (labels) =>
      (name === '' || labels.__name__ === name) &&
      matchers.every(([, label = '', operator = '', value = '']) =>
        holds(operator, String(JSON.parse(value)), labels[label] ?? '')
      ),
    range: range === undefined ? undefined : Number(range),
    offset: Number(offset)
  }
}

/** How long a sample stays the newest one, as in Prometheus. */
const lookback = 300_000

const withoutName = (labels: Labels): string =>
  JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => name !== '__name__')
      .sort()
  )

/** Answers selectors, `or` between them and `count by` over them, from stored series as Prometheus would. */
export class SelectorStore implements Metrics {
  readonly asked: string[] = []
  stored: readonly Series[] = []
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  query(promql: string): Promise<readonly Series[]> {
    this.asked.push(promql)
    const counted = /^count by \(([^)]*)\) \((.*)\)$/.exec(promql)
    const found = this.#union(counted?.[2] ?? promql)
    return Promise.resolve(counted ? this.#count(found, (counted[1] ?? '').split(',')) : found)
  }

  #union(promql: string): readonly Series[] {
    return promql.split(' or ').reduce<readonly Series[]>((left, text) => {
      // As in PromQL two series are the same to `or` when all their labels but the name are.
      const known = new Set(left.map(({ labels }) => withoutName(labels)))
      return [
        ...left,
        ...this.#select(parseTerm(text)).filter(({ labels }) => !known.has(withoutName(labels)))
      ]
    }, [])
  }

  #select({ matches, range, offset }: Term): readonly Series[] {
    const end = this.#clock.now() - offset * 1000
    const start = end - (range === undefined ? lookback : range * 1000)
    return this.stored
      .filter(({ labels }) => matches(labels))
      .map(({ labels, samples }) => {
        const within = samples.filter(({ at }) => at > start && at <= end)
        return { labels, samples: range === undefined ? within.slice(-1) : within }
      })
      .filter(({ samples }) => samples.length > 0)
  }

  #count(found: readonly Series[], kept: readonly string[]): readonly Series[] {
    const groups = Map.groupBy(found, ({ labels }) =>
      JSON.stringify(kept.flatMap((name) => (labels[name] ? [[name, labels[name]]] : [])))
    )
    return [...groups].map(([key, { length }]) => ({
      labels: Object.fromEntries(JSON.parse(key) as [string, string][]),
      samples: [{ at: this.#clock.now(), value: length }]
    }))
  }
}
