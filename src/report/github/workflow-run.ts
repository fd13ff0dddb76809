import { readFileSync, statSync } from 'node:fs'
import { messageOf } from '../../base/errors.ts'

export type Variables = Readonly<Record<string, string | undefined>>

/** What the runner says of the run in its variables. */
export interface WorkflowRun {
  /** `https://api.github.com`, or that of an enterprise server. */
  readonly apiUrl: string
  readonly serverUrl: string
  /** Empty outside of a repository. */
  readonly owner: string
  readonly repo: string
  readonly eventName: string
  readonly sha: string
  /** e.g. `refs/heads/main` */
  readonly ref: string
}

/** The library's own reader throws while it is imported, before anybody could say what is wrong. */
export function workflowRun(variables: Variables): WorkflowRun {
  const [owner = '', repo = ''] = (variables.GITHUB_REPOSITORY ?? '').split('/')
  return {
    apiUrl: variables.GITHUB_API_URL ?? 'https://api.github.com',
    serverUrl: variables.GITHUB_SERVER_URL ?? 'https://github.com',
    ...(repo === '' ? { owner: '', repo: '' } : { owner, repo }),
    eventName: variables.GITHUB_EVENT_NAME ?? '',
    sha: variables.GITHUB_SHA ?? '',
    ref: variables.GITHUB_REF ?? ''
  }
}

/** GitHub sends no event of more than 25 MB. */
const LARGEST_EVENT = 32 * 1024 * 1024

/**
 * The event that started the run; without a file there is nothing in it.
 * @throws Error that says what is wrong with the file
 */
export function readEvent({ GITHUB_EVENT_PATH: path = '' }: Variables): Readonly<Record<string, unknown>> {
  if (path === '') return {}
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return {}
  if (!file.isFile()) throw new Error(`the event file ${path} is no regular file`)
  if (file.size > LARGEST_EVENT) throw new Error(`the event file ${path} is larger than 32 MB`)
  const event = parse(readFileSync(path, 'utf8'), path)
  return typeof event === 'object' && event !== null ? { ...event } : {}
}

/** Says what is wrong with the file without quoting it. */
function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const position = / at position \d+/.exec(messageOf(error))?.[0] ?? ''
    throw new Error(`the event file ${path} is no JSON${position}`, { cause: error })
  }
}
