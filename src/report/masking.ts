import { parse } from 'yaml'

/** Tells the runner to print `***` instead of this value. */
type SetSecret = (value: string) => void

/** Keys of a kubeconfig whose value is a secret, and names of variables and flags that sound like one. */
const SECRET_KEY = /(?:token|password|secret|key-data)$/iu
const SECRET_VARIABLE = /token|secret|passw|key|credential/iu
const SECRET_FLAG = /^--?[\w-]*(?:token|passw|secret)[\w-]*(?:=(.*))?$/isu

/** Shorter pieces give nothing away, and masking them would blot out half the log. */
const SHORTEST_PIECE = 8

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The password of `https://user:password@host`, in both spellings. */
function urlPassword(text: string): readonly string[] {
  const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^/\s]*)@/iu.exec(text) ?? []
  return password === undefined ? [] : [password, percentDecoded(password)]
}

/** What follows a flag such as `--token`, with `=` or as the next argument. */
const secretArguments = (values: readonly unknown[]): readonly string[] =>
  values.flatMap((value, at) => {
    const [flag, attached] = SECRET_FLAG.exec(typeof value === 'string' ? value : '') ?? []
    const next = values[at + 1]
    if (flag === undefined) return []
    if (attached !== undefined) return [attached]
    return typeof next === 'string' ? [next] : []
  })

/** The key behind `client-key-data`, should something print it decoded. */
const decoded = (key: string, value: string): readonly string[] =>
  key.endsWith('key-data') ? [Buffer.from(value, 'base64').toString('latin1')] : []

/** A key without a value: the schema that keeps passwords of digits as they are knows strings only. */
const NOTHING = 'null'

/** YAML values can contain themselves, so each is visited once. */
type Seen = Set<unknown>

function secretsOfEntry(key: string, value: unknown, seen: Seen): readonly string[] {
  if (typeof value !== 'string') return secretsIn(value, seen)
  if (value === NOTHING) return []
  return SECRET_KEY.test(key) ? [value, ...decoded(key, value)] : urlPassword(value)
}

function secretsIn(value: unknown, seen: Seen): readonly string[] {
  if (seen.has(value)) return []
  seen.add(value)
  if (Array.isArray(value)) {
    return [...secretArguments(value), ...value.flatMap((item) => secretsIn(item, seen))]
  }
  if (!isRecord(value)) return []
  const { name, value: variable } = value
  const named = typeof name === 'string' && typeof variable === 'string' && SECRET_VARIABLE.test(name)
  return [
    ...(named ? [variable] : []),
    ...Object.entries(value).flatMap(([key, entry]) => secretsOfEntry(key, entry, seen))
  ]
}

const linesOf = (text: string): readonly string[] => text.split(/[\r\n]+/u).map((line) => line.trim())

const longLines = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.length >= SHORTEST_PIECE && !line.startsWith('-----'))

/** In text that cannot be parsed: the rest of a line after the name of a secret, and the same without quotes around it. */
function secretsInLine(line: string): readonly string[] {
  const colon = line.indexOf(':')
  const key = line.slice(0, Math.max(0, colon)).replace(/^[\s"'{-]+|["'\s]+$/gu, '')
  if (!SECRET_KEY.test(key)) return []
  const value = line.slice(colon + 1).trim()
  return [value, value.replace(/^[^\w]+|[^\w]+$/gu, '')].filter((piece) => piece.length >= SHORTEST_PIECE)
}

/** The runner masks line by line, so a secret of several lines is registered as its lines. */
function pieces(secret: string): readonly string[] {
  const lines = linesOf(secret.trim())
  return lines.length > 1 ? longLines(lines) : lines.filter((line) => line !== '')
}

function read(text: string): unknown {
  try {
    // Without warnings: a warning would quote its line before anything in it is masked.
    return parse(text, { schema: 'failsafe', logLevel: 'error' })
  } catch {
    return undefined
  }
}

/**
 * Registers every secret of a kubeconfig before anything can print it. What is not readable as one is masked
 * as a whole.
 */
export function maskKubeconfig(text: string, setSecret: SetSecret): void {
  const config = read(text)
  const lines = linesOf(text)
  const secrets = isRecord(config)
    ? secretsIn(config, new Set()).flatMap(pieces)
    : [...longLines(lines), ...lines.flatMap(secretsInLine)]
  for (const secret of new Set(secrets)) setSecret(secret)
}

/** Registers one secret. */
export function maskSecret(secret: string, setSecret: SetSecret): void {
  for (const piece of pieces(secret)) setSecret(piece)
}
