import { cut } from '../../base/cut.ts'
import { ClusterError } from '../../base/errors.ts'
import type { HttpAnswer } from '../cluster.ts'
import { describeMissing, rightIn, type Right } from '../rights.ts'
import { statusIn } from '../status.ts'

/** What was asked of the API server, in the words of a person and of its access rules. */
export interface ApiCall extends Right {
  readonly kind: string
  readonly namespace: string | undefined
}

/** `patch service/web in namespace shop` */
export function describeCall({ verb, kind, resource, name = '', subresource, namespace }: ApiCall): string {
  const object = name === '' ? resource : `${kind.toLowerCase()}/${name}`
  const part = subresource === undefined ? '' : `${subresource} of `
  return `${verb} ${part}${object}${namespace === undefined ? '' : ` in namespace ${namespace}`}`
}

/** The error for an answer that is a no. */
export function refusal(call: ApiCall, { status, body }: HttpAnswer): ClusterError {
  const said = withoutObjects(statusIn(body)?.message ?? cut(body.trim(), 300))
  const message = said === '' ? `status ${status} without a word` : said
  return new ClusterError(`cannot ${describeCall(call)}: ${message}${remedy(call, status, message)}`, status)
}

const QUOTE = 'Invalid value: '
/** Characters of an object that are worth quoting, such as a selector. */
const LONGEST = 200

/**
 * An object that is refused as a whole is quoted as a whole: before what is wrong with it, and with the variables of its
 * pods, which may be secrets.
 */
function withoutObjects(message: string): string {
  const [begin = '', ...quoting] = message.split(QUOTE)
  const shortened = quoting.map((text) => {
    const asText = /^"[{[](?:[^"\\]|\\.)*"/.exec(text)?.[0].length
    const end = asText ?? objectEnd(text)
    return asText !== undefined || end > LONGEST ? `the object${text.slice(end)}` : text
  })
  return [begin, ...shortened].join(QUOTE)
}

/** Where an object ends that the text begins with, be it JSON or as Go prints it; 0 if it begins with none. */
function objectEnd(text: string): number {
  if (!/^[\w.&*[\]]*[{[]/.test(text)) return 0
  let depth = 0
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth += 1
    if (token === '}' || token === ']') depth -= 1
    if (depth === 0 && /[}\]]/.test(token) && !/^[\w.{]/.test(text.slice(index + 1))) return index + 1
  }
  return text.length
}

/** @throws ClusterError when the answer is a no, or nothing that an API server says */
export function readJson(call: ApiCall, answer: HttpAnswer): unknown {
  if (answer.status < 200 || answer.status > 299) throw refusal(call, answer)
  try {
    return JSON.parse(answer.body)
  } catch (cause) {
    const start = JSON.stringify(cut(answer.body, 100))
    const why = `the answer is no JSON but ${start}; is this the address of an API server?`
    throw new ClusterError(`cannot ${describeCall(call)}: ${why}`, answer.status, { cause })
  }
}

function remedy(call: ApiCall, status: number, message: string): string {
  if (status === 401)
    return `. The credentials are not valid (any more). A ServiceAccount's token ends at its time: make the next one, kubectl create token <name> --namespace <its namespace> --duration 2160h, and put it into the kubeconfig`
  const missing = status === 403 ? rightIn(message) : undefined
  if (missing !== undefined) return `. It ${describeMissing(missing, call.namespace)}`
  // The API server does not say which: a patch that tests a field gets this when the field is another by now.
  if (status === 422 && call.verb === 'patch' && message.includes('rejected our request')) {
    return '. The object is no longer as the patch expects it'
  }
  return ''
}

/** Whether the object itself does not exist, rather than its kind or what a proxy in between looked for. */
export const isMissing = ({ status, body }: HttpAnswer, name: string): boolean =>
  status === 404 && statusIn(body)?.details?.name === name
