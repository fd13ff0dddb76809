import { formatDuration } from '../base/duration.ts'

/** A port by its number or its name. */
export type PortRef = number | string

export type Scheme = 'http' | 'https'

export interface Expectation {
  readonly status: number
  readonly contains?: string
  /** Milliseconds from the request until the whole answer is there. */
  readonly within: number
}

interface HttpRequest {
  readonly method: string
  /** A path on every pod of the canary, or an absolute URL. */
  readonly target: string
  /** Of the pods, where it is not the one that users come in by. */
  readonly port?: PortRef
  /** How the pods speak on that port, where the line says so. */
  readonly scheme?: Scheme
  readonly body?: string
  readonly expect: Expectation
}

/** One line of `smoke-tests`. */
export type SmokeTest =
  | ({ readonly kind: 'request' } & HttpRequest)
  | ({ readonly kind: 'load'; readonly perSecond: number; readonly duration: number } & HttpRequest)
  | { readonly kind: 'command'; readonly run: string }

/** Milliseconds in which an answer has to be there. */
export const DEFAULT_WITHIN = 10_000

/** Whether a line of `smoke-tests` is a shell command, in which a `#` is no comment of ours. */
export const isCommand = (line: string): boolean => line.startsWith('run:')

const portOf = ({ port, scheme }: HttpRequest): string =>
  port === undefined ? '' : `${scheme === undefined ? '' : `${scheme}://`}:${port}`

/** The path of a target, without what may be a secret in it. */
const pathOf = (target: string): string => new URL(target, 'http://pod').pathname.replace(/;.*$/, '')

/**
 * What may be told of a test to everybody: its number among the lines, method and path. Queries, bodies, headers and
 * commands may hold secrets, and what a comment or an output says, nobody masks.
 */
export function nameSmokeTest(test: SmokeTest, number: number): string {
  if (test.kind === 'command') return `command ${number}`
  const load = test.kind === 'load' ? ` at ${test.perSecond}/s for ${formatDuration(test.duration)}` : ''
  return `${number}: ${test.method} ${portOf(test)}${pathOf(test.target)}${load}`
}

/** The line that reads back as this test; it may hold secrets. */
export function printSmokeTest(test: SmokeTest): string {
  if (test.kind === 'command') return `run: ${test.run}`
  const { method, target, body, expect } = test
  const { status, contains, within } = expect
  const load = test.kind === 'load' && `at ${test.perSecond}/s for ${formatDuration(test.duration)}`
  const text = contains !== undefined && `contains ${JSON.stringify(contains)}`
  const time = within !== DEFAULT_WITHIN && `within ${formatDuration(within)}`
  return [method, portOf(test) + target, body, load, '->', status, text, time].filter(Boolean).join(' ')
}
