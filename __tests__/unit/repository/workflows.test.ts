import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'

interface Job {
  readonly environment?: unknown
  readonly needs?: string
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
const examples = globSync('examples/workflows/*.yml')
const GREENLIGHT = 'greenlight-action/greenlight@'
const read = (file: string): string => readFileSync(file, 'utf8')
const jobsOf = (file: string): readonly [string, Job][] =>
  Object.entries((parse(read(file)) as Workflow).jobs)

/** A commit, and the version that it is of, as Dependabot keeps them. */
const PINNED = /^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+(?:\.\d+)?$/

const usesIn = (text: string): readonly string[] =>
  [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, used = '']) => used)

describe.each([...ours, ...examples])('%s', (file) => {
  it('names what it uses by commit, with the version beside', () => {
    // A step that is only proposed, in a comment, is kept by nobody, and so it names a major.
    const own = (used: string): boolean => used.startsWith('./') || used.startsWith(GREENLIGHT)
    expect(usesIn(read(file)).filter((used) => !own(used) && !PINNED.test(used))).toEqual([])
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
  for (const line of [...ours, ...examples].flatMap((file) => usesIn(read(file)))) {
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

const releases = (job: Job): boolean =>
  job.steps?.some(({ uses = '' }) => uses.startsWith(GREENLIGHT)) === true

describe.each(examples)('%s', (file) => {
  it('has its credentials from an environment, which a plan shares with no release', () => {
    const name = file.endsWith('/plan.yml') ? 'plan' : 'production'
    const environments = jobsOf(file)
      .filter(([, job]) => releases(job))
      .map(([, { environment }]) => environment)
    expect(new Set(environments.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ name, url: 'https://shop.example.com' })])
    )
  })

  it('names a secret in no job that has no environment', () => {
    const loose = jobsOf(file).filter(
      ([, job]) => job.environment === undefined && JSON.stringify(job).includes('secrets.')
    )
    expect(loose).toEqual([])
  })

  it('tells how to log in without a secret', () => {
    expect(read(file)).toContain(
      'https://github.com/greenlight-action/greenlight/tree/main/docs/getting-started'
    )
  })
})

describe('approval-reviewers.yml', () => {
  const jobs = Object.fromEntries(jobsOf('examples/workflows/approval-reviewers.yml'))

  it('promotes behind a job of an environment that has reviewers, and no secret', () => {
    const { approve, promote } = jobs
    expect([approve?.needs, promote?.needs]).toEqual(['release', 'approve'])
    expect(approve).toMatchObject({ environment: { name: 'approval' }, permissions: {} })
    expect(JSON.stringify(approve)).not.toContain('secrets.')
  })

  it('releases and promotes as approval.yml and promote.yml do, which the tests on a cluster play', () => {
    const step = (job: Job | undefined): Readonly<Record<string, unknown>> =>
      job?.steps?.find(({ uses = '' }) => uses.startsWith(GREENLIGHT))?.with ?? {}
    const [approval] = jobsOf('examples/workflows/approval.yml')
    const [promotion] = jobsOf('examples/workflows/promote.yml')
    expect(step(jobs.release)).toEqual(step(approval?.[1]))
    const { manifests, images, ...same } = step(jobs.promote)
    expect([manifests, images]).toEqual([step(jobs.release).manifests, step(jobs.release).images])
    expect({ workload: 'web', ...same, images: '${{ inputs.image }}' }).toEqual(step(promotion?.[1]))
  })
})
