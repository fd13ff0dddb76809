import { env } from 'node:process'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { SmokeResult } from '../domain/outcome.ts'
import type { SmokeTest } from '../inputs/smoke-test.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { ofStep, runCommand, type Variables } from './command.ts'
import { exchange } from './exchange.ts'
import { faultIn, type ReplyFault } from './expectation.ts'
import { isAbsolute, testRequest, type Finding } from './http.ts'
import { runLoad, type Load } from './load.ts'
import { createPods, portFor, type Pods, type SmokeTarget } from './pods.ts'

export type { SmokeTarget } from './pods.ts'

/** What a smoke test works with. */
export interface SmokeSetting {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly log: Log
  /** Checks judge what a load brings about; without them every single answer must be as expected. */
  readonly judgedByChecks: boolean
  /** Of its line among the smoke tests, from 1. */
  readonly number?: number
  /** What a command finds in its environment; by default what is in ours, apart from the inputs. */
  readonly variables?: Variables
}

interface Scene extends SmokeSetting {
  readonly target: SmokeTarget
  readonly ways: Pods
  readonly signal: AbortSignal
}

/** More connections than the first few are opened only bit by bit: each one costs the API server a WebSocket. */
const FIRST_CONNECTIONS = 4
const MOST_CONNECTIONS = 64
const CONNECTION_EVERY = 100

const nobody: Finding = { passed: false, pods: [], detail: 'there is no pod to ask' }

/**
 * Runs one smoke test: a request on every pod, a load spread over them, or a command beside one of them.
 * Rejects with the signal's reason when it is aborted; whatever else goes wrong is a failed test.
 */
export async function runSmokeTest(
  test: SmokeTest,
  target: SmokeTarget,
  setting: SmokeSetting,
  signal: AbortSignal
): Promise<SmokeResult> {
  signal.throwIfAborted()
  const { clock, cluster, number = 1 } = setting
  const started = clock.now()
  const ways = createPods(target, cluster)
  try {
    const finding = await find(test, { ...setting, target, ways, signal })
    signal.throwIfAborted()
    return { test, number, ...finding, milliseconds: clock.now() - started }
  } finally {
    await ways.close()
  }
}

function find(test: SmokeTest, scene: Scene): Promise<Finding> {
  switch (test.kind) {
    case 'request':
      return testRequest(test, scene.target, scene.ways, scene.signal)
    case 'load':
      return testUnderLoad(test, scene)
    case 'command':
      return testByCommand(test.run, scene)
  }
}

async function testUnderLoad(
  load: Load,
  { target, clock, judgedByChecks, ways, signal }: Scene
): Promise<Finding> {
  const pods = isAbsolute(load) ? [] : target.pods
  if (pods.length === 0 && !isAbsolute(load)) return nobody
  const started = clock.now()
  const send = async (number: number): Promise<ReplyFault | undefined> => {
    const pod = pods[number % pods.length]
    if (pod === undefined) return faultIn(await exchange(load.target, load, signal), load)
    const more = Math.floor((clock.now() - started) / CONNECTION_EVERY)
    ways.allowConnections(Math.min(FIRST_CONNECTIONS + more, MOST_CONNECTIONS))
    const fault = faultIn(await ways.askOften(pod, load, signal), load)
    if (fault === undefined) return undefined
    return { ...fault, problem: `${pod} on port ${portFor(load, target.entrance)}: ${fault.problem}` }
  }
  const { sent, passed, failed, firstFailures } = await runLoad(load, send, clock, signal)
  const detail = [`${sent} sent, ${failed} failed`, ...firstFailures.map(({ problem }) => problem)].join('; ')
  const evidence = firstFailures.map((failure) => failure.evidence).join('\n')
  return { passed: judgedByChecks ? passed > 0 : failed === 0, pods, detail, evidence }
}

async function testByCommand(
  run: string,
  { target, ways, variables = env, signal, ...ports }: Scene
): Promise<Finding> {
  const [pod] = target.pods
  if (pod === undefined) return nobody
  try {
    const own = {
      GREENLIGHT_URL: await ways.urlOf(pod),
      GREENLIGHT_NAMESPACE: target.namespace,
      GREENLIGHT_SLOT: target.slot
    }
    const ending = await runCommand(run, { ...ofStep(variables), ...own }, ports, signal)
    return { pods: [], ...ending }
  } catch (error) {
    signal.throwIfAborted()
    const detail = 'the command could not be started; the log says why'
    return { passed: false, pods: [], detail, evidence: messageOf(error) }
  }
}
