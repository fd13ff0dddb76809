import { formatDuration } from '../base/duration.ts'
import { parseDecimal } from './decimal.ts'
import { durationBetween } from './duration.ts'
import { maskQuoted } from './lines.ts'
import { refusal, type Parsed } from './parsed.ts'
import {
  DEFAULT_WITHIN,
  isCommand,
  type Expectation,
  type PortRef,
  type Scheme,
  type SmokeTest
} from './smoke-test.ts'

type Load = Pick<SmokeTest & { kind: 'load' }, 'perSecond' | 'duration'>

const LONGEST = 600_000
const MOST_PER_SECOND = 1_000

const REQUEST_EXAMPLE = 'GET /health -> 200'
const PORT_EXAMPLE = 'GET :8080/health -> 200'
const BODY_EXAMPLE = 'POST /orders {"sku":1} -> 201'
const LOAD_EXAMPLE = 'GET / at 20/s for 30s -> 200'
const EXPECTATION_EXAMPLE = 'GET /version -> 200 contains "v2" within 2s'

const BODILESS = ['GET', 'HEAD', 'OPTIONS']
const METHODS = [...BODILESS, 'POST', 'PUT', 'PATCH', 'DELETE']

/** Messages quote nothing of the line: bodies, queries and headers in commands may hold secrets. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Place {
  readonly target: string
  readonly port?: PortRef
  readonly scheme?: Scheme
}

/** Reads `/health`, `:8080/health`, `:http/health`, or a URL without a host, which is every pod: `https://:8443/health`. */
function parsePort(target: string): Parsed<Place> {
  const [matched, written, text = '', path = ''] = /^(?:(https?):\/\/)?:([^/]*)(.*)$/.exec(target) ?? []
  if (matched === undefined) return { value: { target } }
  const isNumber = /^\d+$/.test(text)
  const isPort = isNumber ? Number(text) >= 1 && Number(text) <= 65_535 : /^(?=.*[a-z])[a-z0-9-]+$/.test(text)
  if (!isPort || path === '') {
    return refusal(
      'what begins with a colon is no port from 1 to 65535, or name of one, with a path',
      PORT_EXAMPLE
    )
  }
  const scheme = written as Scheme | undefined
  return { value: { target: path, port: isNumber ? Number(text) : text, ...(scheme && { scheme }) } }
}

/** What is wrong with the target of a request; undefined when nothing is. */
function targetProblem(target: string): string | undefined {
  // "//host/path" would leave the pod: it is an absolute URL without its scheme.
  if (target.startsWith('/') && !target.startsWith('//')) return undefined
  if (!/^https?:\/\//.test(target) || !URL.canParse(target)) {
    return 'the target is neither a path from the root nor an http(s) URL'
  }
  const { username, password } = new URL(target)
  return username + password === ''
    ? undefined
    : 'a URL must not hold user name and password, logs would show them'
}

function parseLoad(rate: string, time: string): Parsed<Load> {
  const perSecond = parseDecimal(/^(.*)\/s$/.exec(rate)?.[1] ?? '')
  if (perSecond === undefined || perSecond < 0.1 || perSecond > MOST_PER_SECOND) {
    return refusal(`a load needs a rate between 0.1/s and ${MOST_PER_SECOND}/s`, LOAD_EXAMPLE)
  }
  const duration = durationBetween(1, LONGEST, LOAD_EXAMPLE)(time)
  return 'problem' in duration
    ? refusal(`a load lasts from 1ms to ${formatDuration(LONGEST)}`, LOAD_EXAMPLE)
    : { value: { perSecond, duration: duration.value } }
}

/** Reads what stands between target and arrow: a JSON body, a load, both or nothing. */
function parseExtras(method: string, text: string): Parsed<{ body?: string } & Partial<Load>> {
  const match = /(?<!\S)at\s+(\S+)\s+for\s+(\S+)$/.exec(maskQuoted(text))
  const body = (match === null ? text : text.slice(0, match.index)).trim()
  if (body !== '' && BODILESS.includes(method)) {
    return refusal(`${method} takes no body, but something follows its target`, BODY_EXAMPLE)
  }
  if (body !== '' && parseJson(body) === undefined) {
    return refusal('after the target comes JSON or a load like "at 20/s for 30s"', BODY_EXAMPLE)
  }
  const load = match === null ? { value: {} } : parseLoad(match[1] ?? '', match[2] ?? '')
  return 'problem' in load ? load : { value: { ...(body !== '' && { body }), ...load.value } }
}

function parseExpectation(text: string): Parsed<Expectation> {
  const grammar = /^([1-5]\d\d)(?:\s+contains\s+("(?:[^"\\]|\\.)+"))?(?:\s+within\s+(\S+))?$/
  const [matched, status, literal, time] = grammar.exec(text) ?? []
  const contains = literal === undefined ? undefined : parseJson(literal)
  if (matched === undefined || (literal !== undefined && typeof contains !== 'string')) {
    const order = 'a status from 100 to 599, then contains "text" and within <duration> if wanted'
    return refusal(`after the arrow comes ${order}`, EXPECTATION_EXAMPLE)
  }
  const within =
    time === undefined ? { value: DEFAULT_WITHIN } : durationBetween(1, LONGEST, EXPECTATION_EXAMPLE)(time)
  if ('problem' in within) {
    return refusal(
      `after within comes a duration from 1ms to ${formatDuration(LONGEST)}`,
      EXPECTATION_EXAMPLE
    )
  }
  return {
    value: { status: Number(status), ...(typeof contains === 'string' && { contains }), within: within.value }
  }
}

/** A shell command needs `run:` before it. */
const notARequest = () =>
  refusal(
    `the line does not begin with ${METHODS.join(', ')} and a target, nor with run: before a command`,
    `${REQUEST_EXAMPLE}, or run: npm run smoke`
  )

function parseRequest(text: string, expectation: string): Parsed<SmokeTest> {
  const [, method = '', where, rest = ''] = /^(\S+)\s+(\S+)(?:\s+([^]*))?$/.exec(text) ?? []
  if (where === undefined || !METHODS.includes(method)) {
    return notARequest()
  }
  const place = parsePort(where)
  if ('problem' in place) return place
  const { target } = place.value
  const problem = targetProblem(target)
  if (problem !== undefined) return refusal(problem, REQUEST_EXAMPLE)
  const extras = parseExtras(method, rest)
  if ('problem' in extras) return extras
  const expect = parseExpectation(expectation)
  if ('problem' in expect) return expect
  const { perSecond, duration, ...body } = extras.value
  const request = { method, ...place.value, ...body, expect: expect.value }
  return perSecond === undefined || duration === undefined
    ? { value: { kind: 'request', ...request } }
    : { value: { kind: 'load', ...request, perSecond, duration } }
}

/** Reads one line of `smoke-tests`: `GET /health -> 200`, `GET / at 20/s for 30s -> 200`, `run: npm run smoke`. */
export function parseSmokeTest(text: string): Parsed<SmokeTest> {
  const line = text.trim()
  if (isCommand(line)) {
    const run = line.slice('run:'.length).trim()
    return run === ''
      ? refusal('run: without a command', 'run: npm run smoke')
      : { value: { kind: 'command', run } }
  }
  if (!/^[A-Z]+(?:\s|$)/.test(line) && line !== '') return notARequest()
  const arrow = maskQuoted(line).search(/(?<=\s)->/)
  if (arrow < 0) return refusal('the line does not say which status must come back', REQUEST_EXAMPLE)
  return parseRequest(line.slice(0, arrow).trim(), line.slice(arrow + 2).trim())
}
