import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { deadBecause, readPages } from '../../support/pages.ts'

const pages = readPages()

/** What 830 px show of a line of code: GitHub's column, in its letters. */
const WIDTH = 100

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  it('has links that lead somewhere', () => {
    const dead = page.links.flatMap((link) => {
      const why = deadBecause(link, page, pages)
      return why === undefined ? [] : [`${link}: ${why}`]
    })
    expect(dead).toEqual([])
  })
})

describe('what users read', () => {
  const read = pages.filter(({ path }) => path === 'README.md' || path.startsWith('docs/'))

  it('has a README of one sitting', () => {
    const readme = pages.find(({ path }) => path === 'README.md')
    expect(readme?.markdown.trimEnd().split('\n').length).toBeLessThanOrEqual(250)
  })

  it('has a README whose code is not cut off', () => {
    const readme = pages.find(({ path }) => path === 'README.md')
    const lines = readme?.code.flatMap(({ text }) => text.split('\n')) ?? []
    expect(lines.filter((line) => line.length > WIDTH)).toEqual([])
  })

  it('has an index of every page', () => {
    const indexes = read.filter(({ path }) => /^docs\/(?:[^/]+\/)?README\.md$/.test(path))
    const listed = new Set(
      indexes.flatMap(({ path, links }) => links.map((link) => join(dirname(path), link.replace(/#.*/, ''))))
    )
    expect(read.map(({ path }) => path).filter((path) => !listed.has(path))).toEqual(['docs/README.md'])
  })
})
