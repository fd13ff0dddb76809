import { isAlias, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { messageOf } from '../../base/errors.ts'

/** A kubeconfig is a secret as a whole: what is wrong with it is told by line and field, never by its text. */
export type ReadKubeconfig = { readonly content: Mapping } | { readonly problem: string }

type Mapping = Readonly<Record<string, unknown>>

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads a kubeconfig and makes sure that every field is of a kind that the client can do something with. */
export function readKubeconfig(text: string): ReadKubeconfig {
  if (isEncoded(text)) return { problem: 'it is base64 of one: decode it first, base64 --decode' }
  const lines = new LineCounter()
  const document = parseDocument(text, { logLevel: 'silent', merge: true, lineCounter: lines })
  const wrong = document.errors[0] ?? document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED')
  if (wrong !== undefined) return { problem: `no YAML at its line ${lines.linePos(wrong.pos[0]).line}` }
  const content = resolved(document)
  if (content === undefined)
    return { problem: `an alias (*) that leads nowhere or to itself${lineOfAlias(document, lines)}` }
  if (!isMapping(content) || !Array.isArray(content.clusters)) return { problem: whyNot(text) }
  const problem = config(content, '')
  return problem === undefined ? { content } : { problem }
}

/** Undefined when an alias leads nowhere, to itself, or to so much that it would fill the memory. */
function resolved(document: Document): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS() ?? null))
  } catch {
    return undefined
  }
}

function lineOfAlias(document: Document, lines: LineCounter): string {
  let at: number | undefined
  visit(document, {
    Alias(_, alias) {
      if (isAlias(alias) && alias.resolve(document) === undefined) at ??= alias.range?.[0]
    }
  })
  return at === undefined ? '' : ` at its line ${lines.linePos(at).line}`
}

function whyNot(text: string): string {
  if (text.trim() === '') return 'it is empty; a secret that does not exist is an empty text'
  return 'it has no list of clusters'
}

/** Once, or twice by a tool and a person; the YAML or JSON of one. */
function isEncoded(text: string, depth = 2): boolean {
  const packed = text.replace(/\s/g, '')
  if (depth === 0 || packed === '' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(packed)) return false
  const decoded = Buffer.from(packed, 'base64').toString()
  return /\bclusters['"]?\s*:/.test(decoded) || isEncoded(decoded, depth - 1)
}

/** Where a path is wanted, somebody may have put the secret itself, which the error of a file would quote. */
export function withoutPath(error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException
  return syscall === 'open' || syscall === 'read'
    ? `a file that the kubeconfig names cannot be read (${code ?? 'no reason'})`
    : messageOf(error)
}

/** What is wrong with a value, or the first thing in it; undefined when nothing is. What is absent is not wrong. */
type Check = (value: unknown, at: string) => string | undefined

const where =
  (test: (value: unknown) => boolean, what: string): Check =>
  (value, at) =>
    value === null || value === undefined || test(value) ? undefined : `${at} is no ${what}`

const text = where((value) => typeof value === 'string', 'text')
/** Without quotes a password of digits is a number. */
const word = where((value) => typeof value === 'string' || typeof value === 'number', 'text')
const base64 = where(
  (value) => typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value.replace(/\s/g, '')),
  'base64'
)
const url = where((value) => typeof value === 'string' && URL.canParse(value), 'URL')

const firstOf = (problems: Iterable<string | undefined>): string | undefined =>
  [...problems].find((problem) => problem !== undefined)

const listOf =
  (item: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return where(() => false, 'list')(value, at)
    return firstOf(value.map((one: unknown, index) => item(one ?? '', `${at}[${index}]`)))
  }

const mappingOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (!isMapping(value)) return where(() => false, 'mapping')(value, at)
    const prefix = at === '' ? '' : `${at}.`
    return firstOf(Object.entries(fields).map(([name, check]) => check(value[name], `${prefix}${name}`)))
  }

const cluster = mappingOf({
  server: text,
  'certificate-authority-data': base64,
  'certificate-authority': text,
  'tls-server-name': text,
  'proxy-url': url
})

const exec = mappingOf({
  command: text,
  args: listOf(word),
  env: listOf(mappingOf({ name: text, value: word }))
})

const user = mappingOf({
  ...{ token: word, tokenFile: text, 'token-file': text, username: word, password: word },
  ...{ 'client-certificate-data': base64, 'client-key-data': base64 },
  ...{ 'client-certificate': text, 'client-key': text },
  exec,
  'auth-provider': mappingOf({ name: text, config: mappingOf({}) })
})

const config = mappingOf({
  'current-context': text,
  clusters: listOf(mappingOf({ name: text, cluster })),
  users: listOf(mappingOf({ name: text, user })),
  contexts: listOf(
    mappingOf({ name: text, context: mappingOf({ cluster: text, user: text, namespace: text }) })
  )
})
