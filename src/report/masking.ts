import { parse } from 'yaml'

/** Tells the runner to print `***` instead of this value. */
type SetSecret = (value: string) => void

/** Keys of a kubeconfig whose value is a secret, and names of variables and flags that sound like one. */
const secretKey = /(?:token|password|secret|key-data)$/iu
const secretVariable = /token|secret|passw|key|credential/iu
const secretFlag = /^--?[\w-]*(?:token|passw|secret)[\w-]*(?:=(.*))?$/isu

/** Shorter pieces give nothing away, and masking them would blot out half the log. */
const shortestPiece = 8

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The password of `https://user:password@host`, in both spellings. */
const urlPassword = (text: string): readonly string[] => {
  const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^/\s]*)@/iu.exec(text) ?? []
  return password === undefined ? [] : [password, percentDecoded(password)]
}

/** What follows a flag such as `--token`, with `=` or as the next argument. */
const secretArguments = (values: readonly unknown[]): readonly string[] =>
  values.flatMap((value, at) => {
    const [flag, attached] = secretFlag.exec(typeof value === 'string' ? value : '') ?? []
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

/** YAML can refer to itself: what was looked into once is not looked into again. */
type Seen = Set<unknown>

const secretsOfEntry = (key: string, value: unknown, seen: Seen): readonly string[] => {
  if (typeof value !== 'string') return secretsIn(value, seen)
  if (value === NOTHING) return []
  return secretKey.test(key) ? [value, ...decoded(key, value)] : urlPassword(value)
}

const secretsIn = (value: unknown, seen: Seen): readonly string[] => {
  if (seen.has(value)) return []
  seen.add(value)
  if (Array.isArray(value)) {
    return [...secretArguments(value), ...value.flatMap((item) => secretsIn(item, seen))]
  }
  if (!isRecord(value)) return []
  const { name, value: variable } = value
  const named = typeof name === 'string' && typeof variable === 'string' && secretVariable.test(name)
  return [
    ...(named ? [variable] : []),
    ...Object.entries(value).flatMap(([key, entry]) => secretsOfEntry(key, entry, seen))
  ]
}

const linesOf = (text: string): readonly string[] => text.split(/[\r\n]+/u).map((line) => line.trim())

const longLines = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.length >= shortestPiece && !line.startsWith('-----'))

/** What stands behind a secret's name in a line of what cannot be read, and what is left of it without marks around. */
const secretsInLine = (line: string): readonly string[] => {
  const colon = line.indexOf(':')
  const key = line.slice(0, Math.max(0, colon)).replace(/^[\s"'{-]+|["'\s]+$/gu, '')
  if (!secretKey.test(key)) return []
  const value = line.slice(colon + 1).trim()
  return [value, value.replace(/^[^\w]+|[^\w]+$/gu, '')].filter((piece) => piece.length >= shortestPiece)
}

/** The runner masks line by line, so a secret of several lines is registered as its lines. */
const pieces = (secret: string): readonly string[] => {
  const lines = linesOf(secret.trim())
  return lines.length > 1 ? longLines(lines) : lines.filter((line) => line !== '')
}

const read = (text: string): unknown => {
  try {
    // A warning would quote the line that it is about before anything in it is masked.
    return parse(text, { schema: 'failsafe', logLevel: 'error' })
  } catch {
    return undefined
  }
}

/**
 * Registers every secret of a kubeconfig before anything can print it. What is not readable as one is masked
 * as a whole.
 */
export const maskKubeconfig = (text: string, setSecret: SetSecret): void => {
  const config = read(text)
  const lines = linesOf(text)
  const secrets = isRecord(config)
    ? secretsIn(config, new Set()).flatMap(pieces)
    : [...longLines(lines), ...lines.flatMap(secretsInLine)]
  for (const secret of new Set(secrets)) setSecret(secret)
}

/** Registers one secret. */
export const maskSecret = (secret: string, setSecret: SetSecret): void => {
  for (const piece of pieces(secret)) setSecret(piece)
}
