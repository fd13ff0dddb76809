import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'

const page = readFileSync('docs/troubleshooting.md', 'utf8')

/** Each entry: an anchor, the messages that it is about, and what to do. */
const entries = page.split(/(?=<a id=")/).slice(1)

const anchorOf = (entry: string): string => /<a id="([^"]+)">/.exec(entry)?.[1] ?? ''

const messagesOf = (entry: string): string[] =>
  [...(/^\*\*(.*)\*\*$/m.exec(entry)?.[1]?.matchAll(/`([^`]+)`/g) ?? [])].map(([, message = '']) => message)

/** What the messages are made of: text without quotes, and a placeholder for each value. */
const source = globSync('src/**/*.ts')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')
  .replaceAll(/['`] *\+?\s*\n\s*\+? *['`]/g, '')
  .replaceAll(/\$\{[^}]*\}/g, '…')

const WINDOW = 3

/** Runs of words in a message; names, figures and `…` between them are values of the day. */
function runsOf(message: string): readonly (readonly string[])[] {
  const value = /\s*\S*(?:[^a-zA-Z\s,:;.']|[a-z][A-Z])\S*\s*/
  const runs = message.split(value).map((run) => run.split(' '))
  const longest = Math.max(...runs.map(({ length }) => length))
  return runs.filter(({ length }) => length >= Math.min(longest, 2))
}

/** Whether so many words in a row, or all of a short run, stand in the source. */
function isThere(words: readonly string[]): boolean {
  const windows = words.map((_, i) => words.slice(i, i + WINDOW).join(' '))
  return windows
    .slice(0, Math.max(1, words.length - WINDOW + 1))
    .some((window) => source.includes(window.replace(/[:,;.]$/, '')))
}

describe('docs/troubleshooting.md', () => {
  it('has an anchor of its own for each entry', () => {
    const anchors = entries.map(anchorOf)
    expect(anchors.length).toBeGreaterThan(30)
    expect(new Set(anchors).size).toBe(anchors.length)
  })

  it.each(entries.map((entry) => [anchorOf(entry), entry] as const))(
    'names messages that there are: %s',
    (_, entry) => {
      const messages = messagesOf(entry)
      expect(messages.length).toBeGreaterThan(0)
      expect(messages.filter((message) => !runsOf(message).some(isThere))).toEqual([])
    }
  )

  it('says what to do about each', () => {
    expect(entries.filter((entry) => (entry.split('\n\n')[2] ?? '').length < 20).map(anchorOf)).toEqual([])
  })
})
