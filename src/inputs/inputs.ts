import { refuse, type Fault } from '../base/errors.ts'
import { METRICS_SOURCES, type MetricsSource } from '../routes/metrics-source.ts'
import { byOrigin, keyOfHeader, parseHeaderFor, type CheckHeaders } from './check-headers.ts'
import { keyOfCheckLine, parseCheckLine, type CheckLine } from './check-line.ts'
import { faultsBetween } from './faults-between.ts'
import { parseDatadogSite } from './parse-datadog.ts'
import { durationBetween, LONGEST_JOB } from './duration.ts'
import { list, mapped, optional, single, type Field } from './field.ts'
import { parseGates, type Gates } from './gates.ts'
import {
  fullRepository,
  parseImageRule,
  parseTaggedImage,
  printImage,
  type ImageReference,
  type ImageRule
} from './image.ts'
import { parseJobName, printJobName } from './job-name.ts'
import { choice, parseName, parseWorkload, type WorkloadName } from './names.ts'
import { quote, refusal, type Parser } from './parsed.ts'
import { parsePrevious, type Previous } from './previous.ts'
import { parseProbe, type Probe } from './probe.ts'
import { parseHeader, parsePrometheus, type Header, type PrometheusAddress } from './prometheus.ts'
import { parseReplay, type ReplayWindow } from './replay.ts'
import { parseRoute, printRoute, type RouteName } from './route.ts'
import { isCommand, type SmokeTest } from './smoke-test.ts'
import { parseSmokeTest } from './parse-smoke-test.ts'
import { parseStep, stepsFaults, type TrafficStep } from './step.ts'
import { parseReleaseId, parseVersionName } from './version-name.ts'

const COMMANDS = [
  'deploy',
  'promote',
  'follow',
  'abort',
  'rollback',
  'status',
  'plan',
  'cleanup',
  'leave'
] as const

export type Command = (typeof COMMANDS)[number]

/** What the user asked for. Durations are in milliseconds; an empty list means none. */
export interface Inputs {
  readonly command: Command
  /** Undefined: the only Deployment in `manifests`. */
  readonly workload: WorkloadName | undefined
  /** What carries the traffic; none: the Service that selects the workload. */
  readonly route: readonly RouteName[]
  readonly namespace: string | undefined
  readonly context: string | undefined
  /** Content of a kubeconfig file; a secret. */
  readonly kubeconfig: string | undefined
  /** Files, folders and globs. */
  readonly manifests: readonly string[]
  readonly images: readonly ImageRule[]
  /** Names of Jobs in the manifests: those that run before the new version starts, and those after it has all users. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly strategy: 'blue-green' | 'canary' | 'rolling' | 'recreate'
  /** None: those that belong to the strategy. */
  readonly steps: readonly TrafficStep[]
  /** Who says yes where the controller of the workload waits for one. */
  readonly gates: Gates
  readonly smokeTests: readonly SmokeTest[]
  readonly checks: readonly CheckLine[]
  readonly prometheus: PrometheusAddress | undefined
  /** The values are secrets. */
  readonly prometheusHeaders: Readonly<Record<string, string>>
  /** URL of Datadog's API, without a slash at the end. */
  readonly datadog: string
  readonly checkHeaders: CheckHeaders
  /** Whose metrics `success-rate` and its like are taken from; undefined: those of the route. */
  readonly metrics: MetricsSource | undefined
  readonly checkInterval: number
  /** The failed measurement of a check that fails the release: 1 is the first. */
  readonly failureLimit: number
  readonly onNoData: 'fail' | 'wait'
  readonly noDataTimeout: number
  /** So long after its first users nothing is held against the new version but a crash. */
  readonly warmUp: number
  /** What becomes of a release whose comparison with stable cannot be decided. */
  readonly onInconclusive: 'hold' | 'promote' | 'abort'
  readonly probe: Probe | undefined
  /** For the pods of the canary to become ready. */
  readonly timeout: number
  readonly bake: number
  /** So long after its start a run leaves a release that a controller carries out, and that goes on without it. */
  readonly leaveAfter: number
  readonly previous: Previous
  /** Image with `kubectl` and a shell for a Job that puts stable back should the run die; undefined: there is none. */
  readonly watchdog: string | undefined
  /** What `rollback` brings back; undefined: the version before. */
  readonly to: string | undefined
  /** The release that `rollback` takes back, if it still serves; undefined: whichever does. */
  readonly onlyIf: string | undefined
  /** The past that `plan` plays the checks on. */
  readonly replay: ReplayWindow | undefined
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

const jobs = list(parseJobName, { keyOf: printJobName })

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
  before: jobs,
  after: jobs,
  strategy: single(choice('blue-green', 'canary', 'rolling', 'recreate'), 'blue-green'),
  steps: list(parseStep, { faultsAmong: stepsFaults }),
  gates: single(parseGates, 'approve'),
  smokeTests: list(parseSmokeTest, { ownsHash: isCommand }),
  checks: list(parseCheckLine, { keyOf: keyOfCheckLine }),
  prometheus: optional(parsePrometheus),
  prometheusHeaders: mapped(headers, toRecord),
  datadog: single(parseDatadogSite, 'datadoghq.com'),
  checkHeaders: mapped(list(parseHeaderFor, { keyOf: keyOfHeader, ownsHash: () => true }), byOrigin),
  metrics: optional(choice(...METRICS_SOURCES)),
  checkInterval: duration('15s', 1_000),
  failureLimit: single(parseCount, '3'),
  onNoData: single(choice('fail', 'wait'), 'fail'),
  noDataTimeout: duration('5m'),
  warmUp: duration('60s'),
  onInconclusive: single(choice('hold', 'promote', 'abort'), 'hold'),
  probe: optional(parseProbe),
  timeout: duration('10m', 1),
  bake: duration('30s'),
  leaveAfter: duration('5h45m', 1),
  previous: single(parsePrevious, 'scale-down'),
  watchdog: mapped(
    optional((text: string) => parseTaggedImage(text)),
    (image: ImageReference | undefined) => (image === undefined ? undefined : printImage(image))
  ),
  to: optional(parseVersionName),
  onlyIf: optional(parseReleaseId),
  replay: optional(parseReplay),
  githubToken: optional(anyText),
  comment: single(choice('auto', 'off'), 'auto')
}

const inputName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Every input by its name in action.yml, with what an empty one stands for. */
export const inputDefaults: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(fields).map(([key, { fallback }]) => [inputName(key), fallback])
)

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
  faults.push(...faultsBetween(read, values, (name) => inputDefaults[name]))
  refuse(faults)
  // The type of `fields` says that each key has got a value of its own type.
  return values as unknown as Inputs
}
