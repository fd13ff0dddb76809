import { cut } from '../base/cut.ts'
import { formatDuration } from '../base/duration.ts'
import type { SmokeTest } from '../inputs/smoke-test.ts'

export type Request = Exclude<SmokeTest, { kind: 'command' }>

/** What came back, or why nothing did. Untrusted text. */
export type Reply =
  | {
      readonly status: number
      /** By their names in small letters. */
      readonly headers: Readonly<Record<string, string>>
      /** How the body begins. */
      readonly start: string
      /** Whether the body has the text that it must contain. */
      readonly holds: boolean
      readonly milliseconds: number
    }
  | Failure

export interface Failure {
  /** The error's own words, which may quote the request: for the log only. */
  readonly failure: string
  /** Words that cannot quote the request, for the report; absent where the error may. */
  readonly told?: string
  readonly milliseconds: number
  /** The request did not get as far as the pod, so another way may be tried. */
  readonly unreached?: boolean
}

/** What is wrong with a reply. */
export interface ReplyFault {
  /** In words of ours, for everybody: nothing of the request, nothing of the answer. */
  readonly problem: string
  /** What came, for the log: it may hold secrets. Untrusted text. */
  readonly evidence: string
}

const EVIDENCE = 300

/** `200 in 12 ms` */
export const describeReply = (reply: Reply): string =>
  'failure' in reply
    ? (reply.told ?? inOurWords(reply.failure))
    : `${reply.status} in ${Math.round(reply.milliseconds)} ms`

/** What is wrong with a reply; undefined when it is as expected. */
export function faultIn(reply: Reply, { expect }: Request): ReplyFault | undefined {
  const evidence = evidenceIn(reply)
  if (reply.milliseconds > expect.within)
    return { problem: `no whole answer within ${formatDuration(expect.within)}`, evidence }
  if ('failure' in reply) return { problem: describeReply(reply), evidence }
  const empty = evidence === '' ? ' and an empty body' : ''
  if (reply.status !== expect.status)
    return { problem: `${describeReply(reply)} instead of ${expect.status}${empty}`, evidence }
  if (!reply.holds)
    return { problem: `${describeReply(reply)} without the text that it must contain${empty}`, evidence }
  return undefined
}

const evidenceIn = (reply: Reply): string =>
  'failure' in reply ? reply.failure : cut(reply.start.replace(/\s+/g, ' ').trim(), EVIDENCE)

/** Errors of networks, libraries and API servers, and our words for them; the first match counts. */
const REASONS: readonly (readonly [sign: RegExp, words: string])[] = [
  [/^not sent: /, ''],
  [/connection refused|ECONNREFUSED/i, 'connection refused'],
  [/no whole answer|timed? ?out|ETIMEDOUT|deadline exceeded/i, 'it took too long'],
  [/ECONNRESET|connection reset|hang up|EPIPE|aborted|EOF\b/i, 'the connection was closed'],
  [/ENOTFOUND|EAI_AGAIN|no such host/i, 'the host is not known'],
  [/EHOSTUNREACH|ENETUNREACH|no route to host|unreachable/i, 'the host cannot be reached'],
  [/certificate|self.signed|\bTLS\b|\bSSL\b|wrong version number/i, 'the TLS connection failed'],
  [/maxContentLength|too large|larger than/i, 'it is too large'],
  [/may not|forbidden|is missing the right|lacks the right/i, 'the credentials do not open a way to the pod'],
  [/not found|does not exist|no such pod/i, 'there is no such pod any more']
]

function inOurWords(failure: string): string {
  const [, words] = REASONS.find(([sign]) => sign.test(failure)) ?? []
  if (words === '') return failure
  return words === undefined ? 'no answer; the log says why' : `no answer: ${words}`
}
