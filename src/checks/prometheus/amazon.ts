import aws4 from 'aws4'
import type { Question } from '../exchange.ts'
import { MetricsError } from '../metrics-error.ts'

/** Makes a question one that is answered. Throws MetricsError. */
export type Sign = (question: Question) => Question

type Variables = Readonly<Record<string, string | undefined>>

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

const VARIABLES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const

/** For messages. */
export const AMAZON_CREDENTIALS = `credentials in ${VARIABLES.join(', ')}: their role needs aps:QueryMetrics, and they end after some time`

/** What must not be printed of the environment. */
export const amazonSecrets = (variables: Variables): readonly string[] =>
  VARIABLES.flatMap((name) => variables[name] ?? [])

export interface Scope {
  readonly service: string
  readonly region: string
  readonly credentials: Credentials
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** `20150830T123600Z` */
const stamp = (at: number): string => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')

/**
 * By Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). Signed are host, date, session
 * token, type and body: what lies in between may change other headers.
 */
export function signed(question: Question, { service, region, credentials, at }: Scope): Question {
  const { method = 'GET', url, headers, body } = question
  const { origin, host, pathname, search } = new URL(url)
  const type = headers['content-type']
  const request = aws4.sign(
    {
      ...{ service, region, method, host, path: pathname + search },
      headers: { 'X-Amz-Date': stamp(at), ...(type !== undefined && { 'Content-Type': type }) },
      ...(body !== undefined && { body }),
      ...{ extraHeadersToIgnore: { 'content-length': true } }
    },
    credentials
  )
  const { Host: _, 'Content-Length': __, 'Content-Type': ___, ...added } = request.headers ?? {}
  const texts = Object.entries(added).map(([name, value]) => [name, String(value)] as const)
  return {
    ...question,
    url: `${origin}${request.path ?? ''}`,
    headers: { ...headers, ...Object.fromEntries(texts) }
  }
}

/** Signs for Amazon Managed Service for Prometheus by the environment, as aws-actions/configure-aws-credentials sets it. */
export const amazonSigner =
  (region: string, variables: Variables, now: () => number): Sign =>
  (question) => {
    const [accessKeyId = '', secretAccessKey = '', sessionToken = ''] = VARIABLES.map(
      (name) => variables[name]
    )
    if (accessKeyId === '' || secretAccessKey === '') {
      const next = 'run aws-actions/configure-aws-credentials before this step'
      const problem = `Amazon's Prometheus is asked with ${VARIABLES[0]} and ${VARIABLES[1]}, and they are not set`
      throw new MetricsError(`${problem}; ${next}`, 'refused')
    }
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) }
    return signed(question, { service: 'aps', region, credentials, at: now() })
  }
