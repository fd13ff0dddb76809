import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'

interface Job {
  readonly uses?: string
  readonly permissions?: object
  readonly 'timeout-minutes'?: number
  readonly steps?: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[]
}

interface Workflow {
  readonly permissions?: object
  readonly jobs: Readonly<Record<string, Job>>
}

const ours = globSync('.github/workflows/*.yml')
const read = (file: string): string => readFileSync(file, 'utf8')
const jobsOf = (file: string): readonly [string, Job][] =>
  Object.entries((parse(read(file)) as Workflow).jobs)

/** A commit, and the version that it is of, as Dependabot keeps them. */
const PINNED = /^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+(?:\.\d+)?$/

const usesIn = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, used = '']) => used)

describe.each(ours)('%s', (file) => {
  it('names what it uses by commit, with the version beside', () => {
    expect(usesIn(read(file)).filter((used) => !used.startsWith('./') && !PINNED.test(used))).toEqual([])
  })

  it('gives each job no more than it needs: nothing, and what the job says', () => {
    expect((parse(read(file)) as Workflow).permissions).toEqual({})
    expect(jobsOf(file).filter(([, { permissions }]) => permissions === undefined)).toEqual([])
  })

  it('ends each job that hangs', () => {
    const endless = jobsOf(file).filter(
      ([, job]) => job.uses === undefined && job['timeout-minutes'] === undefined
    )
    expect(endless).toEqual([])
  })

  it('leaves no token behind in the checkout', () => {
    const checkouts = jobsOf(file)
      .flatMap(([, { steps = [] }]) => steps)
      .filter(({ uses = '' }) => uses.startsWith('actions/checkout@'))
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([])
  })
})

it('an action that several workflows use is of one version', () => {
  const used = new Map<string, Set<string>>()
  for (const line of ours.flatMap((file) => usesIn(read(file)))) {
    const [name = '', version = ''] = line.split('@')
    const [owner, repository] = name.split('/')
    const key = `${owner ?? ''}/${repository ?? ''}`
    used.set(key, (used.get(key) ?? new Set()).add(version))
  }
  expect([...used].filter(([, versions]) => versions.size > 1)).toEqual([])
})

it('what users are told to name is one tag everywhere', () => {
  const pages = ['README.md', ...globSync(['docs/**/*.md', 'examples/**/*.{yml,md}'])]
  const named = pages.flatMap((page) => read(page).match(/(?<=greenlight-action\/greenlight@)v[\w.]+/g) ?? [])
  expect(named.length).toBeGreaterThan(10)
  expect(new Set(named).size).toBe(1)
})
