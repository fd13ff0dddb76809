import { isCollection, isScalar, LineCounter, parseAllDocuments, visit, type Document, type Node } from 'yaml'
import { messageOf } from '../base/errors.ts'
import { offsetOf, type Path } from './yaml-lines.ts'
import { kubernetesTags } from './yaml-tags.ts'

/** One document of a file: what it says, or why it cannot be read. */
export type YamlDocument =
  | {
      readonly line: number
      readonly value: unknown
      /** In which line of the file a part of it is. The text is read once more for that. */
      readonly lineOf: (path: Path) => number
    }
  | { readonly line: number; readonly problem: string }

/** Reads text as kubectl does: documents of YAML 1.1 with the numbers of Go, or JSON objects one after the other. */
export function parseYaml(text: string): readonly YamlDocument[] {
  // Windows tools put a byte order mark before each file, and files are put one after the other.
  const plain = text.replaceAll(/^\uFEFF/gm, '')
  return (jsonObjects(plain) ?? [{ text: plain, line: 1 }]).flatMap(parsePart)
}

interface Part {
  readonly text: string
  /** Where it begins in the file. */
  readonly line: number
}

interface ReadPart {
  readonly documents: readonly Document[]
  /** In which line of the file a place of the part is. */
  readonly at: (offset: number) => number
}

function readPart({ text, line }: Part): ReadPart {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    version: '1.1',
    customTags: kubernetesTags,
    lineCounter: lines,
    // Warnings quote the file on a way of their own, past everything that makes text safe for the log.
    logLevel: 'error'
  })
  return { documents: [...documents] as Document[], at: (offset) => lines.linePos(offset).line + line - 1 }
}

function parsePart(part: Part): readonly YamlDocument[] {
  try {
    const { documents, at } = readPart(part)
    return documents.map((document, index) => read(document, at, (path) => lineIn(part, index, path)))
  } catch (error) {
    return [{ line: part.line, problem: withoutText(messageOf(error)) }]
  }
}

/** Few ever ask: until then the text is kept, and not every node of it. */
function lineIn(part: Part, index: number, path: Path): number {
  const { documents, at } = readPart(part)
  const document = documents[index]
  return document === undefined ? part.line : at(offsetOf(document, path))
}

const TOO_DEEP = 'it is nested too deeply'
const TOO_MUCH = 'it is too much for one object, aliases counted as what they stand for'
/** No object that the API server takes comes near to these. */
const DEEPEST = 500
const MOST_VALUES = 1_000_000
const MOST_ALIASES = 10_000

function read(
  document: Document,
  at: (offset: number) => number,
  lineOf: (path: Path) => number
): YamlDocument {
  const [error] = document.errors
  if (error !== undefined) return { line: at(error.pos[0]), problem: withoutText(error.message) }
  const line = at(document.contents?.range?.[0] ?? 0)
  try {
    const wrong = whatJsonHasNot(document)
    if (wrong !== undefined) return { line: at(wrong.node.range?.[0] ?? 0), problem: wrong.problem }
    const value = document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown
    const excess = excessOf(value)
    return excess === undefined ? { line, value, lineOf } : { line, problem: excess }
  } catch (error) {
    // An alias without its anchor, or so many of them that they would fill the memory.
    return { line, problem: withoutText(messageOf(error)) }
  }
}

/** What is short in a file may be endless once its aliases are followed. */
function excessOf(value: unknown): string | undefined {
  const waiting = [{ value, depth: 0 }]
  let count = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if ((count += 1) > MOST_VALUES) return TOO_MUCH
    const { depth } = next
    if (depth > DEEPEST) return TOO_DEEP
    if (typeof next.value !== 'object' || next.value === null) continue
    for (const inner of Object.values(next.value) as unknown[])
      waiting.push({ value: inner, depth: depth + 1 })
  }
  return undefined
}

const CUT_SHORT =
  'it has a whole number of more than 53 bits, of which the last digits would be lost; is it a text?'

/** A whole number that is written digit by digit is not meant to be rounded, and kubectl does so only past 64 bits. */
const isCutShort = (value: number, source = ''): boolean =>
  Number.isInteger(value) &&
  !Number.isSafeInteger(value) &&
  Math.abs(value) <= 2 ** 63 &&
  /^[-+]?(?:[0-9_]+|0[xob][0-9a-f_]+)$/i.test(source)

/** Objects are sent as JSON, which kubectl makes of a file first. */
function whatJsonHasNot(document: Document): { node: Node; problem: string } | undefined {
  let found: { node: Node; problem: string } | undefined
  const stop = (node: Node, problem: string): symbol => {
    found = { node, problem }
    return visit.BREAK
  }
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value !== 'number') return undefined
      if (!Number.isFinite(node.value)) return stop(node, 'it has a number that is infinite or none')
      return isCutShort(node.value, node.source) ? stop(node, CUT_SHORT) : undefined
    },
    Pair: (_, { key }) =>
      isCollection(key) || (isScalar(key) && key.value === null)
        ? stop(key, 'a key must be a text, not nothing, a list or a map; was this template rendered?')
        : undefined
  })
  return found
}

/** The first line, and no word of the file: it may be a password that lacks quotes. */
const withoutText = (message: string): string =>
  message.startsWith('Maximum call stack')
    ? TOO_DEEP
    : (message.split('\n')[0] ?? '').replace(
        /^(Unresolved alias .*\)|Block scalar header .* characters): .*?( at line \d.*)?$/,
        '$1$2'
      )

/** JSON objects that stand one after the other, as `jq` and `kubectl get -o json` print them; undefined: it is something else. */
function jsonObjects(text: string): readonly Part[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  const parts: Part[] = []
  let line = 1
  for (let begin = 0; begin < text.length;) {
    const end = endOfObject(text, begin)
    const part = text.slice(begin, end)
    if (part.trim() !== '') {
      if (!isJson(part)) return undefined
      parts.push({ text: part, line })
    }
    line += part.split('\n').length - 1
    begin = end
  }
  return parts.length > 1 ? parts : undefined
}

/** The place after the brace that closes the first object, or the end of the text. */
function endOfObject(text: string, begin: number): number {
  let depth = 0
  const tokens = /"(?:[^"\\]|\\.)*"|[{}]/gs
  tokens.lastIndex = begin
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '{') depth += 1
    if (token[0] === '}' && (depth -= 1) <= 0) return tokens.lastIndex
  }
  return text.length
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
