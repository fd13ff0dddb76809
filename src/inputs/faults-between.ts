import type { Fault } from '../base/errors.ts'
import type { MetricsSource } from '../routes/metrics-source.ts'
import { headersFor, type CheckHeaders } from './check-headers.ts'
import { engineFaults } from './engine-faults.ts'
import { gatesFaults, type Gates } from './gates.ts'
import { splitLines } from './lines.ts'
import type { WorkloadName } from './names.ts'
import { DATADOG_KEYS, isDatadog } from './parse-datadog.ts'
import { isWeb } from './parse-web.ts'

/** Of the inputs, as far as they could be read. */
interface Values {
  readonly strategy?: unknown
  readonly command?: unknown
  readonly workload?: WorkloadName | undefined
  readonly gates?: Gates
  readonly metrics?: MetricsSource | undefined
  readonly datadog?: string
  readonly checkHeaders?: CheckHeaders
}

/** Lines of `checks` that ask somebody else than Prometheus, read or not. */
const asksElsewhere = (line: string): boolean => isWeb(withoutName(line)) || isDatadog(withoutName(line))
const withoutName = (line: string): string => line.replace(/^[a-z][a-z0-9-]*:\s+/, '')

/**
 * What is wrong between inputs that may each be right.
 * @param fallbackOf what an empty input stands for
 */
export function faultsBetween(
  read: (name: string) => string,
  values: Values,
  fallbackOf: (name: string) => string | undefined
): readonly Fault[] {
  const { strategy, command, workload } = values
  const isGiven = (name: string): boolean => splitLines(read(name)).length > 0
  const isChosen = (name: string): boolean => isGiven(name) && read(name).trim() !== fallbackOf(name)
  const faults: Fault[] = []
  const isDriven = workload !== undefined && workload.kind !== 'deployment'
  faults.push(...engineFaults(workload ?? (isGiven('workload') ? undefined : PLAIN), values, isChosen))
  if (!isGiven('workload') && !isGiven('manifests')) {
    const problem = 'nothing says which Deployment is meant: give its name, or manifests that hold only one'
    faults.push({ input: 'workload', problem, example: 'web' })
  }
  const checks = splitLines(read('checks')).map(({ text }) => text)
  faults.push(...gatesFaults(values.gates, workload, checks.length > 0))
  if (!isGiven('prometheus') && checks.some((line) => !asksElsewhere(line))) {
    const problem = 'checks need an address to ask'
    faults.push({ input: 'prometheus', problem, example: 'service/monitoring/prometheus-server:80' })
  }
  if (checks.some((line) => isDatadog(withoutName(line)))) faults.push(...keyFaults(values))
  faults.push(...misplacedFaults(isGiven, command))
  if (isGiven('replay') && checks.length === 0) faults.push(NOTHING_TO_REPLAY)
  // A strategy that could not be read may have been meant as canary.
  if (!isDriven && isGiven('steps') && typeof strategy === 'string' && strategy !== 'canary') {
    const problem = `steps belong to strategy canary, and strategy is ${strategy}`
    faults.push({ input: 'steps', problem, example: 'strategy: canary' })
  }
  return faults
}

/** Inputs that one command alone has a use for. */
const OWNERS: Readonly<Record<string, string>> = { to: 'rollback', 'only-if': 'rollback', replay: 'plan' }

const misplacedFaults = (isGiven: (name: string) => boolean, command: unknown): readonly Fault[] =>
  Object.entries(OWNERS)
    .filter(([input, owner]) => isGiven(input) && typeof command === 'string' && command !== owner)
    .map(([input, owner]) => ({
      input,
      problem: `${input} belongs to command ${owner}, and command is ${String(command)}`,
      example: `command: ${owner}`
    }))

/** What is not named is a Deployment of the manifests. */
const PLAIN: WorkloadName = { kind: 'deployment', name: '' }

const NOTHING_TO_REPLAY: Fault = {
  input: 'checks',
  problem: 'replay plays the checks on the past, and there are none',
  example: 'like stable'
}

/** Datadog answers nobody without both keys. */
function keyFaults({ datadog, checkHeaders }: Values): readonly Fault[] {
  if (datadog === undefined || checkHeaders === undefined) return []
  const { origin } = new URL(datadog)
  const given = Object.keys(headersFor(checkHeaders, datadog)).map((name) => name.toUpperCase())
  return DATADOG_KEYS.filter((key) => !given.includes(key)).map((key) => ({
    input: 'check-headers',
    problem: `Datadog is asked with ${DATADOG_KEYS.join(' and ')}, and there is no ${key} for ${origin}`,
    example: `${origin} ${key}: \${{ secrets.${key.replaceAll('-', '_')} }}`
  }))
}
