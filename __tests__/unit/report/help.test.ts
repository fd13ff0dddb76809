import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { HELP_ANCHORS, helpFor, helpForLines } from '../../../src/report/help.ts'

const page = readFileSync('docs/troubleshooting.md', 'utf8')

/** What the page has under each anchor: the messages, with something in the place of every `…`. */
const documented = page
  .split('<a id="')
  .slice(1)
  .map((text) => ({
    anchor: text.slice(0, text.indexOf('"')),
    messages: (/^\*\*.*\*\*/m.exec(text)?.[0] ?? '')
      .split('`')
      .filter((_, index) => index % 2 === 1)
      .filter((message) => message.length > 10)
      .map((message) => message.replaceAll('…', 'something of theirs'))
  }))

describe('the address that a message has in the documentation', () => {
  it('exists for every message that the page explains, and leads there', () => {
    for (const { anchor, messages } of documented) {
      expect([anchor, messages.length > 0]).toEqual([anchor, true])
      for (const message of messages)
        expect([message, helpFor(message)]).toEqual([
          message,
          expect.stringMatching(new RegExp(`#${anchor}$`))
        ])
    }
  })

  it('is on the page', () => {
    expect([...HELP_ANCHORS].sort()).toEqual(documented.map(({ anchor }) => anchor).sort())
  })

  it('is told once, in the order of the lines', () => {
    const reason = 'pod a cannot run: x\nweb was not ready after 10m\npod b cannot run: y\nnobody knows'
    expect(helpForLines(reason).map((address) => address.replace(/.*#/, ''))).toEqual([
      'image-pull',
      'not-ready'
    ])
  })

  it('is none where there is nothing to add', () => {
    expect(helpFor('checks, line 1: "x" is no check')).toBeUndefined()
  })
})
