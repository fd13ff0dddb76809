import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, jest } from '@jest/globals'
import { startAction, type Ended } from '../support/action.ts'
import { startGitHub } from '../support/report/github.ts'

// The sources are loaded one by one.
jest.setTimeout(120_000)

const play = (env: Readonly<Record<string, string>>, inputs = {}): Promise<Ended> =>
  startAction({
    entry: 'src/main.ts',
    env,
    inputs: { workload: 'web', images: 'shop/web:2', kubeconfig: '{\n}', ...inputs }
  }).ended

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'main-')), 'file')
  writeFileSync(path, text)
  return path
}

const BAD =
  /::error::The release of web failed: nothing was changed\. kubeconfig: the input is not a kubeconfig/

it('says the verdict before anything else that may fail', async () => {
  const gone = { GITHUB_OUTPUT: '/nowhere/output', GITHUB_STEP_SUMMARY: '/nowhere/summary' }
  const ended = await play(gone)
  const annotations = ended.log.split('\n').filter((line) => /^::(error|warning)::/.test(line))
  expect(annotations).toEqual([
    expect.stringMatching(BAD),
    expect.stringContaining('::warning::the outputs could not be written: Missing file at path'),
    expect.stringContaining('::warning::the output json could not be written: Missing file at path'),
    expect.stringContaining('::warning::the job summary could not be written: Unable to access summary file')
  ])
  expect(ended).toMatchObject({ exitCode: 1, state: { settled: 'true' } })
})

it('writes the summary where the disk is full for outputs, and tells the post step by the log what its file cannot', async () => {
  const ended = await play({ GITHUB_OUTPUT: '/dev/full', GITHUB_STATE: '/nowhere/state' })
  expect(ended.log).toMatch(BAD)
  expect(ended.log).toMatch(/::warning::the outputs could not be written: ENOSPC/)
  expect(ended.summary).toContain('The release of **web** failed')
  expect(ended.log).toContain('::save-state name=main::begun')
  expect(ended.log).toContain('::save-state name=settled::true')
})

it('needs no repository, and leaves a summary alone that GitHub would not take with ours', async () => {
  const full = fileWith('x'.repeat(1024 * 1024))
  const ended = await play(
    { GITHUB_STEP_SUMMARY: full, GITHUB_REPOSITORY: '' },
    { 'github-token': 'a-token' }
  )
  expect(ended.log).toMatch(BAD)
  expect(ended.log.match(/::warning::.*/g)).toEqual([
    expect.stringContaining('::warning::the job summary could not be written: its file holds 1048576 bytes')
  ])
  expect(ended.outputs).toMatchObject({ result: 'failed', json: expect.stringContaining('not a kubeconfig') })
})

it('comments by the commit where the event file is no JSON', async () => {
  const github = await startGitHub({ repository: 'shop/web', pullRequest: 12, token: 'a-token' })
  try {
    const event = fileWith('{ "pull_request": SECRET')
    const env = { GITHUB_EVENT_PATH: event, GITHUB_API_URL: github.url }
    const ended = await play(env, { 'github-token': 'a-token' })
    expect(ended.log).toMatch(BAD)
    expect(ended.log).toMatch(/::warning::the event file \S+ is no JSON/)
    expect(ended.log).not.toMatch(/SECRET|\n\s+at /)
    expect(github.comments).toHaveLength(1)
  } finally {
    github.close()
  }
})
