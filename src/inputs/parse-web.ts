import type { Check } from './check.ts'
import { placeholderProblem, plainBound, type Sentence } from './parse-query.ts'
import { quote, refusal, type Parsed, type Refusal } from './parsed.ts'

const EXAMPLE = 'incidents: GET https://status.example.com/incidents.json $.incidents.length < 1'

const KEY = String.raw`[^'"\\\x60\[\]()?@^~*$,]+`
const BRACKETS = String.raw`\[(?:\d+|\*|-?\d*:-?\d*|'${KEY}'|"${KEY}")\]`
/** Names, indices, slices and `*`; nothing that would have to be evaluated. */
const JSON_PATH = new RegExp(String.raw`^\$(?:\.\.?(?:[\w-]+|\*)|${BRACKETS})*$`, 'u')

/** Whether a line of `checks`, without its name, asks a URL. */
export const isWeb = (subject: string): boolean => /^[a-z]+\s+https?:\/\//i.test(subject)

/** Nothing of the URL is quoted: queries are used for tokens. */
function urlProblem(url: string): Refusal | undefined {
  if (!URL.canParse(url)) return refusal('what follows GET is not an http(s) URL', EXAMPLE)
  const { username, password, hostname } = new URL(url)
  if (username + password !== '') {
    const next = 'send them with check-headers'
    return refusal(`a URL must not hold user name and password, logs would show them; ${next}`, EXAMPLE)
  }
  if (hostname.includes('$'))
    return refusal('only path and query of the URL may hold placeholders, not the host', EXAMPLE)
  if (url.includes('#')) return refusal('the URL has a fragment, which no server gets to see', EXAMPLE)
  return placeholderProblem(url, EXAMPLE, '; if the URL has a $ of its own, write %24')
}

function pathProblem(path: string | undefined): Refusal | undefined {
  if (path === undefined)
    return refusal('after the URL comes the JSONPath of the number in its answer', EXAMPLE)
  if (!JSON_PATH.test(path)) {
    const known = "$.name, $['a name'], $[0], $[-1:], $[*], $..name and .length of a list"
    return refusal(`${quote(path)} is not a JSONPath of these parts: ${known}`, EXAMPLE)
  }
  return path.split('..').length > 2 ? refusal('the JSONPath has more than one ..', EXAMPLE) : undefined
}

/** Reads `GET <URL> <JSONPath>` with its bound. */
export function parseWeb(name: string, sentence: Sentence): Parsed<Check> {
  const [, method, url = '', path] = /^(\S+)\s+(\S+)(?:\s+(.+))?$/.exec(sentence.subject) ?? []
  if (method !== 'GET') return refusal('a URL is asked with GET and in no other way', EXAMPLE)
  const problem = urlProblem(url) ?? pathProblem(path)
  if (problem !== undefined || path === undefined) return problem ?? refusal('no JSONPath', EXAMPLE)
  const bound = plainBound(sentence, 'what a URL answers', EXAMPLE)
  if ('problem' in bound) return bound
  const { comparison } = sentence
  return { value: { metric: { kind: 'web', name, url, path }, comparison, bound: bound.value, unit: '' } }
}
