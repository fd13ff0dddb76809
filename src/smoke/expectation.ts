import { formatDuration } from '../grammar/duration.ts'
import type { SmokeTest } from '../grammar/smoke-test.ts'

export type Request = Exclude<SmokeTest, { kind: 'command' }>

/** What came back, or why nothing did. Untrusted text. */
export type Reply =
  | {
      readonly status: number
      /** By their names in small letters. */
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
      readonly milliseconds: number
    }
  | {
      readonly failure: string
      readonly milliseconds: number
      /** The request did not get as far as the pod, so another way may be tried. */
      readonly blocked?: boolean
    }

const EVIDENCE = 300

/** `200 in 12 ms` */
export const describeReply = (reply: Reply): string =>
  'failure' in reply ? reply.failure : `${reply.status} in ${Math.round(reply.milliseconds)} ms`

/** What is wrong with a reply, with the beginning of what came as evidence; undefined when it is as expected. */
export function faultIn(reply: Reply, { expect }: Request): string | undefined {
  if (reply.milliseconds > expect.within) return `no whole answer within ${formatDuration(expect.within)}`
  if ('failure' in reply) return reply.failure
  const { status, body } = reply
  const start = body.replace(/\s+/g, ' ').trim().slice(0, EVIDENCE)
  const evidence = start === '' ? ' and an empty body' : `: ${start}`
  if (status !== expect.status) return `${describeReply(reply)} instead of ${expect.status}${evidence}`
  if (expect.contains !== undefined && !body.includes(expect.contains)) {
    return `${describeReply(reply)} without ${JSON.stringify(expect.contains)}${evidence}`
  }
  return undefined
}
