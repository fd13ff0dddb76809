import { refuse, type Fault } from '../base/errors.ts'
import { METRICS_SOURCES, type MetricsSource } from '../routes/metrics-source.ts'
import { checkName, type Check } from './check.ts'
import { parseCheck } from './parse-check.ts'
import { durationBetween, LONGEST_JOB } from './duration.ts'
import { list, mapped, optional, single, type Field } from './field.ts'
import {
  fullRepository,
  parseImageRule,
  parseTaggedImage,
  printImage,
  type ImageReference,
  type ImageRule
} from './image.ts'
import { splitLines } from './lines.ts'
import { choice, parseName, parseWorkload } from './names.ts'
import { quote, refusal, type Parser } from './parsed.ts'
import { parseProbe, type Probe } from './probe.ts'
import { parseHeader, parsePrometheus, type Header, type PrometheusAddress } from './prometheus.ts'
import { parseRoute, printRoute, type RouteName } from './route.ts'
import { isCommand, type SmokeTest } from './smoke-test.ts'
import { parseSmokeTest } from './parse-smoke-test.ts'
import { parseStep, stepsFaults, type TrafficStep } from './step.ts'
import { parseVersionName } from './version-name.ts'

const COMMANDS = ['deploy', 'promote', 'abort', 'rollback', 'status', 'plan', 'cleanup'] as const

export type Command = (typeof COMMANDS)[number]

/** What the user asked for. Durations are in milliseconds; an empty list means none. */
export interface Inputs {
  readonly command: Command
  /** Name of the Deployment; undefined: the only one in `manifests`. */
  readonly workload: string | undefined
  /** What carries the traffic; none: the Service that selects the workload. */
  readonly route: readonly RouteName[]
  readonly namespace: string | undefined
  readonly context: string | undefined
  /** Content of a kubeconfig file; a secret. */
  readonly kubeconfig: string | undefined
  /** Files, folders and globs. */
  readonly manifests: readonly string[]
  readonly images: readonly ImageRule[]
  readonly strategy: 'blue-green' | 'canary' | 'rolling' | 'recreate'
  /** None: those that belong to the strategy. */
  readonly steps: readonly TrafficStep[]
  readonly smokeTests: readonly SmokeTest[]
  readonly checks: readonly Check[]
  readonly prometheus: PrometheusAddress | undefined
  /** The values are secrets. */
  readonly prometheusHeaders: Readonly<Record<string, string>>
  /** Whose metrics `success-rate` and its like are taken from; undefined: those of the route. */
  readonly metrics: MetricsSource | undefined
  readonly checkInterval: number
  /** The failed measurement of a check that fails the release: 1 is the first. */
  readonly failureLimit: number
  readonly onNoData: 'fail' | 'wait'
  readonly noDataTimeout: number
  readonly probe: Probe | undefined
  /** For the pods of the canary to become ready. */
  readonly timeout: number
  readonly bake: number
  readonly previous: 'scale-down' | 'keep'
  /** Image with `kubectl` and a shell for a Job that puts stable back should the run die; undefined: there is none. */
  readonly watchdog: string | undefined
  /** What `rollback` brings back; undefined: the version before. */
  readonly to: string | undefined
  /** A secret. */
  readonly githubToken: string | undefined
  readonly comment: 'auto' | 'off'
}

const anyText: Parser<string> = (text) => ({ value: text })

const parseCount: Parser<number> = (text) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  return value >= 1 ? { value } : refusal(`${quote(text)} is not a whole number from 1`, '3')
}

/** A path or base64 in place of the content is the usual slip. The text is a secret, so it is not quoted. */
const parseKubeconfig: Parser<string> = (text) =>
  text.includes('\n') || text.startsWith('{')
    ? { value: text }
    : refusal(
        'is one line, but the content of a kubeconfig file is wanted; for a path set the variable KUBECONFIG',
        '${{ secrets.KUBECONFIG }}'
      )

const duration = (fallback: string, least = 0): Field<number> =>
  single(durationBetween(least, LONGEST_JOB, fallback), fallback)

const targetOf = ({ match, target }: ImageRule): string =>
  match === 'name' ? target : fullRepository(target)

const headers = list(parseHeader, {
  keyOf: ({ name }: Header) => name.toLowerCase(),
  ownsHash: () => true
})

const toRecord = (items: readonly Header[]): Readonly<Record<string, string>> =>
  Object.fromEntries(items.map(({ name, value }) => [name, value]))

/** How each input is read. Its name in action.yml is the key in kebab case. */
const fields: { readonly [Key in keyof Inputs]: Field<Inputs[Key]> } = {
  command: single(choice(...COMMANDS), 'deploy'),
  workload: optional(parseWorkload),
  route: list(parseRoute, { keyOf: printRoute }),
  namespace: optional(parseName),
  context: optional(anyText),
  kubeconfig: optional(parseKubeconfig),
  manifests: list(anyText),
  images: list(parseImageRule, { keyOf: targetOf }),
  strategy: single(choice('blue-green', 'canary', 'rolling', 'recreate'), 'blue-green'),
  steps: list(parseStep, { faultsAmong: stepsFaults }),
  smokeTests: list(parseSmokeTest, { ownsHash: isCommand }),
  checks: list(parseCheck, { keyOf: checkName }),
  prometheus: optional(parsePrometheus),
  prometheusHeaders: mapped(headers, toRecord),
  metrics: optional(choice(...METRICS_SOURCES)),
  checkInterval: duration('15s', 1_000),
  failureLimit: single(parseCount, '3'),
  onNoData: single(choice('fail', 'wait'), 'fail'),
  noDataTimeout: duration('5m'),
  probe: optional(parseProbe),
  timeout: duration('10m', 1),
  bake: duration('30s'),
  previous: single(choice('scale-down', 'keep'), 'scale-down'),
  watchdog: mapped(
    optional((text: string) => parseTaggedImage(text)),
    (image: ImageReference | undefined) => (image === undefined ? undefined : printImage(image))
  ),
  to: optional(parseVersionName),
  githubToken: optional(anyText),
  comment: single(choice('auto', 'off'), 'auto')
}

const inputName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Every input by its name in action.yml, with what an empty one stands for. */
export const inputDefaults: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(fields).map(([key, { fallback }]) => [inputName(key), fallback])
)

/** What is wrong between inputs that may each be right. */
function faultsBetween(
  isGiven: (name: string) => boolean,
  { strategy, command }: { readonly strategy?: unknown; readonly command?: unknown }
): readonly Fault[] {
  const faults: Fault[] = []
  if (!isGiven('workload') && !isGiven('manifests')) {
    const problem = 'nothing says which Deployment is meant: give its name, or manifests that hold only one'
    faults.push({ input: 'workload', problem, example: 'web' })
  }
  if (isGiven('checks') && !isGiven('prometheus')) {
    const problem = 'checks need an address to ask'
    faults.push({ input: 'prometheus', problem, example: 'service/monitoring/prometheus-server:80' })
  }
  if (isGiven('to') && typeof command === 'string' && command !== 'rollback') {
    const problem = `to belongs to command rollback, and command is ${command}`
    faults.push({ input: 'to', problem, example: 'command: rollback' })
  }
  // A strategy that could not be read may have been meant as canary.
  if (isGiven('steps') && typeof strategy === 'string' && strategy !== 'canary') {
    const problem = `steps belong to strategy canary, and strategy is ${strategy}`
    faults.push({ input: 'steps', problem, example: 'strategy: canary' })
  }
  return faults
}

/**
 * Reads every input through `read`, which gives the text for a name and '' for an input that is not set. It must
 * not trim, else the line numbers in faults are wrong by the empty lines at the beginning.
 * Throws InputError with all faults of all inputs. Inputs that the command has no use for are checked the same.
 */
export function readInputs(read: (name: string) => string): Inputs {
  const values: Record<string, unknown> = {}
  const faults: Fault[] = []
  for (const [key, field] of Object.entries(fields)) {
    const input = inputName(key)
    const reading = field.read(read(input))
    if ('faults' in reading) faults.push(...reading.faults.map((fault) => ({ input, ...fault })))
    else values[key] = reading.value
  }
  faults.push(...faultsBetween((name) => splitLines(read(name)).length > 0, values))
  refuse(faults)
  // The type of `fields` says that each key has got a value of its own type.
  return values as unknown as Inputs
}
