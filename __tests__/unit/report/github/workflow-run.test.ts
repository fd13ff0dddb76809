import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { readEvent, workflowRun } from '../../../../src/report/github/workflow-run.ts'

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'event-')), 'event.json')
  writeFileSync(path, text)
  return path
}

const read = (path: string) => () => readEvent({ GITHUB_EVENT_PATH: path })

it('reads the event', () => {
  expect(read(fileWith('{"pull_request":{"number":7}}'))()).toEqual({ pull_request: { number: 7 } })
})

it.each([
  ['no variable', ''],
  ['no file', '/nowhere/event.json'],
  ['nothing', fileWith('null')],
  ['a number', fileWith('1')]
])('finds no event in %s', (_, path) => {
  expect(read(path)()).toEqual({})
})

it('tells of what is no JSON only where it ends to be', () => {
  const read = (): unknown => readEvent({ GITHUB_EVENT_PATH: fileWith('{"key": hunter2}') })
  expect(read).toThrow(/^the event file \S+ is no JSON/)
  expect(read).not.toThrow(/hunter2/)
})

it.each([
  ['is a device', '/dev/zero', /is no regular file$/],
  ['is a folder', tmpdir(), /is no regular file$/],
  ['is too large', fileWith(' '.repeat(32 * 1024 * 1024 + 1)), /is larger than 32 MB$/]
])('refuses one that %s', (_, path, why) => {
  expect(read(path)).toThrow(why)
})

it('knows a run without a repository', () => {
  expect(workflowRun({})).toMatchObject({ owner: '', repo: '', apiUrl: 'https://api.github.com' })
})
