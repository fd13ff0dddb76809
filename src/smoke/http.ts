import { exchange } from './exchange.ts'
import { describeReply, faultIn, type Reply, type Request } from './expectation.ts'
import { portFor, type Pods, type SmokeTarget } from './pods.ts'

/** The result of a smoke test, without what `runSmokeTest` adds. */
export interface Finding {
  readonly passed: boolean
  readonly pods: readonly string[]
  /** For everybody: nothing of what was sent, answered or printed. */
  readonly detail: string
  /** For the log. Untrusted text. */
  readonly evidence?: string
}

const AT_ONCE = 8

/** Whether a request goes to a URL as it stands, and not to each pod. */
export const isAbsolute = ({ target }: Request): boolean => !target.startsWith('/')

/** Sends a request to every pod, or once to its URL. Nothing is tried twice: an answer is a fact. */
export async function testRequest(
  request: Request,
  { pods: names, entrance }: Pick<SmokeTarget, 'pods' | 'entrance'>,
  ways: Pods,
  signal: AbortSignal
): Promise<Finding> {
  if (isAbsolute(request)) {
    const reply = await exchange(request.target, request, signal)
    const fault = faultIn(reply, request)
    return fault === undefined
      ? { passed: true, pods: [], detail: describeReply(reply) }
      : { passed: false, pods: [], detail: fault.problem, evidence: fault.evidence }
  }
  if (names.length === 0) return { passed: false, pods: [], detail: 'there is no pod to ask' }
  const port = portFor(request, entrance)
  const replies = await inParallel(names, (pod) => ways.ask(pod, request, signal))
  return { pods: names, ...judge(request, names, replies, port) }
}

function judge(
  request: Request,
  names: readonly string[],
  replies: readonly Reply[],
  port: number
): Omit<Finding, 'pods'> {
  const faults = replies.flatMap((reply, at) => {
    const fault = faultIn(reply, request)
    return fault === undefined
      ? []
      : [{ ...fault, problem: `${names[at] ?? ''} on port ${port}: ${fault.problem}` }]
  })
  const [first] = faults
  if (first !== undefined) {
    const count = names.length === 1 ? '' : `${faults.length} of ${names.length} pods failed; `
    return { passed: false, detail: count + first.problem, evidence: first.evidence }
  }
  const slowest = replies.reduce((a, b) => (a.milliseconds > b.milliseconds ? a : b))
  const count = names.length === 1 ? '' : ` from the slowest of ${names.length} pods`
  return { passed: true, detail: `${describeReply(slowest)}${count} on port ${port}` }
}

async function inParallel<T, R>(items: readonly T[], action: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const rest = items.entries()
  const work = async (): Promise<void> => {
    for (const [at, item] of rest) results[at] = await action(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}
