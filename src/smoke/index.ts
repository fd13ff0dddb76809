import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { printSmokeTest } from '../grammar/smoke-test.ts'
import type { SmokeTest } from '../grammar/smoke-test.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import type { Log } from '../log.ts'
import type { SmokeResult } from '../outcome.ts'
import { runCommand, withoutInputs } from './command.ts'
import type { Variables } from './command.ts'
import { exchange } from './exchange.ts'
import { faultIn } from './expectation.ts'
import { isAbsolute, testRequest } from './http.ts'
import type { Finding } from './http.ts'
import { runLoad } from './load.ts'
import type { Load } from './load.ts'
import { createPods } from './pods.ts'
import type { Pods, SmokeTarget } from './pods.ts'

export type { SmokeTarget } from './pods.ts'

export interface SmokePorts {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
}

/** Rejects when the signal is aborted. */
export type RunLoad = (signal: AbortSignal) => Promise<SmokeResult>

export interface SmokeOptions {
  /** Checks judge what a load brings about; without them every single answer must be as expected. */
  readonly judgedByChecks: boolean
  /** What commands find in their environment, apart from what is meant for us alone. */
  readonly variables: Variables
  /** Does something while a load runs. */
  readonly aroundLoad?: (runLoad: RunLoad) => Promise<SmokeResult>
}

/** All that one smoke test needs. */
interface Setting extends SmokePorts {
  readonly target: SmokeTarget
  readonly pods: Pods
  readonly options: SmokeOptions
}

/** More connections than the first few are opened only bit by bit: each one costs the API server a WebSocket. */
const FIRST_CONNECTIONS = 4
const MOST_CONNECTIONS = 64
const CONNECTION_EVERY = 100

/**
 * Runs the tests in their order, up to the first that fails.
 * Rejects with the signal's reason when it is aborted; whatever else goes wrong is a failed test.
 */
export async function runSmokeTests(
  tests: readonly SmokeTest[],
  target: SmokeTarget,
  ports: SmokePorts,
  options: SmokeOptions,
  signal: AbortSignal
): Promise<readonly SmokeResult[]> {
  const { aroundLoad = (runLoad: RunLoad) => runLoad(signal) } = options
  const pods = createPods(target, ports.cluster)
  const setting = { ...ports, target, pods, options }
  const results: SmokeResult[] = []
  try {
    for (const test of tests) {
      ports.log.line(printSmokeTest(test))
      const run: RunLoad = (stop) => runSmokeTest(test, setting, stop)
      const result = await (test.kind === 'load' ? aroundLoad(run) : run(signal))
      ports.log.quote(`  ${result.passed ? 'passed' : 'failed'}: ${summaryOf(result)}`)
      results.push(result)
      if (!result.passed) break
    }
  } finally {
    await pods.close()
  }
  return results
}

/** What a command printed has been shown already. */
const summaryOf = ({ test, detail }: SmokeResult): string =>
  test.kind === 'command' ? (detail.split('\n', 1)[0] ?? '') : detail

async function runSmokeTest(test: SmokeTest, setting: Setting, signal: AbortSignal): Promise<SmokeResult> {
  signal.throwIfAborted()
  const started = setting.clock.now()
  const finding = await find(test, setting, signal)
  signal.throwIfAborted()
  return { test, ...finding, milliseconds: setting.clock.now() - started }
}

function find(test: SmokeTest, setting: Setting, signal: AbortSignal): Promise<Finding> {
  switch (test.kind) {
    case 'request':
      return testRequest(test, setting.target.pods, setting.pods, signal)
    case 'load':
      return testUnderLoad(test, setting, signal)
    case 'command':
      return testByCommand(test.run, setting, signal)
  }
}

async function testUnderLoad(
  load: Load,
  { target, pods, clock, options }: Setting,
  signal: AbortSignal
): Promise<Finding> {
  const names = isAbsolute(load) ? [] : target.pods
  if (names.length === 0 && !isAbsolute(load))
    return { passed: false, pods: [], detail: 'there is no pod to ask' }
  const started = clock.now()
  const send = async (number: number): Promise<string | undefined> => {
    const pod = names[number % names.length]
    if (pod === undefined) return faultIn(await exchange(load.target, load, signal), load)
    const more = Math.floor((clock.now() - started) / CONNECTION_EVERY)
    pods.allowConnections(Math.min(FIRST_CONNECTIONS + more, MOST_CONNECTIONS))
    const fault = faultIn(await pods.askOften(pod, load, signal), load)
    return fault === undefined ? undefined : `${pod}: ${fault}`
  }
  const { sent, passed, failed, firstFailures } = await runLoad(load, send, clock, signal)
  const detail = [`${sent} sent, ${failed} failed`, ...firstFailures].join('\n')
  return { passed: options.judgedByChecks ? passed > 0 : failed === 0, pods: names, detail }
}

async function testByCommand(
  run: string,
  { target, pods, clock, log, options }: Setting,
  signal: AbortSignal
): Promise<Finding> {
  const [pod] = target.pods
  if (pod === undefined) return { passed: false, pods: [], detail: 'there is no pod to ask' }
  try {
    const variables = {
      ...withoutInputs(options.variables),
      GREENLIGHT_URL: await pods.urlOf(pod),
      GREENLIGHT_NAMESPACE: target.namespace,
      GREENLIGHT_SLOT: target.slot
    }
    return { pods: [], ...(await runCommand(run, variables, { clock, log }, signal)) }
  } catch (error) {
    signal.throwIfAborted()
    return { passed: false, pods: [], detail: messageOf(error) }
  }
}
