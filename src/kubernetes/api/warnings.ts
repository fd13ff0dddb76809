import { cut } from '../../base/cut.ts'
import type { HttpAnswer } from '../cluster.ts'

/** `299 - "text"`, several with commas between them: https://www.rfc-editor.org/rfc/rfc7234#section-5.5 */
const WARNING = /\b299 \S+ "((?:[^"\\]|\\.)*)"/g
/** An admission webhook may answer at any length. */
const MOST = 20
const LONGEST = 500

/** What the API server, or an admission policy, has to say about a write that it accepts; each text once. */
export function warningsIn({ headers }: Pick<HttpAnswer, 'headers'>): readonly string[] {
  const texts = [...(headers.warning ?? '').matchAll(WARNING)].map(([, text = '']) =>
    cut(text.replaceAll(/\\(.)/g, '$1'), LONGEST)
  )
  return [...new Set(texts)].slice(0, MOST)
}
