import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { deadBecause, readPages } from '../../support/pages.ts'

const pages = readPages()

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
    expect(readme?.markdown.split('\n').length).toBeLessThanOrEqual(251)
  })

  it('has an index of every page', () => {
    const index = pages.find(({ path }) => path === 'docs/README.md')
    const listed = index?.links.map((link) => join('docs', link.replace(/#.*/, ''))) ?? []
    const missing = read
      .map(({ path }) => path)
      .filter((path) => dirname(path) !== '.' && !listed.includes(path))
    expect(missing).toEqual(['docs/README.md'])
  })
})
