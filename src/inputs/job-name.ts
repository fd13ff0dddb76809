import { isSubdomain } from './names.ts'
import { quote, refusal, type Parser } from './parsed.ts'

/** What kubectl accepts and prints. */
const KINDS: ReadonlySet<string> = new Set(['job', 'jobs', 'job.batch', 'jobs.batch'])

/** Reads `job/migrate`: the name that a Job has in the manifests. */
export const parseJobName: Parser<string> = (text) => {
  const slash = text.indexOf('/')
  const kind = text.slice(0, Math.max(slash, 0)).toLowerCase()
  const name = text.slice(slash + 1)
  if (!isSubdomain(name)) return refusal(`${quote(text)} does not name a Job`, 'job/migrate')
  return KINDS.has(kind)
    ? { value: name }
    : refusal(`${quote(text)} cannot run before or after a release, only Jobs can`, `job/${name}`)
}

export const printJobName = (name: string): string => `job/${name}`
