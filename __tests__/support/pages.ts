import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'

/** What users and contributors read, as GitHub shows it. */

export interface Code {
  readonly language: string
  readonly text: string
}

export interface Page {
  readonly path: string
  readonly markdown: string
  /** What a link may name after `#`. */
  readonly anchors: ReadonlySet<string>
  /** As they stand, those to other sites too. */
  readonly links: readonly string[]
  readonly code: readonly Code[]
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

const textOf = (html: string): string =>
  html.replaceAll(/<[^>]*>/g, '').replaceAll(/&(amp|lt|gt|quot);/g, (_, name: string) => ENTITIES[name] ?? '')

/** GitHub's own rule for the anchor of a heading. */
const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')

function anchorsOf(html: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of html.matchAll(/<h[1-6]>(.*?)<\/h[1-6]>/gs)) {
    const slug = slugOf(textOf(heading))
    let anchor = slug
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`
    anchors.add(anchor)
  }
  for (const [, id = ''] of html.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

const found = (html: string, pattern: RegExp): string[] =>
  [...html.matchAll(pattern)].map(([, inside = '']) => textOf(inside))

/** @param path from the root of the repository */
export function readPage(path: string): Page {
  const markdown = readFileSync(path, 'utf8')
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()]
  })
  const prose = html.replaceAll(/<pre>.*?<\/pre>/gs, '')
  return {
    path,
    markdown,
    anchors: anchorsOf(prose),
    links: [...found(prose, / href="([^"]*)"/g), ...found(prose, / src(?:set)?="([^"]*)"/g)],
    code: [...html.matchAll(/<pre><code(?: class="language-([^"]*)")?>(.*?)<\/code><\/pre>/gs)].map(
      ([, language = '', text = '']) => ({ language, text: textOf(text) })
    )
  }
}

const PLACES = ['*.md', 'docs/**/*.md', 'examples/**/*.md', '__tests__/**/README.md']

/** Every page of the repository. */
export const readPages = (): readonly Page[] => globSync(PLACES).sort().map(readPage)

/** Why a link from this page leads nowhere; undefined where it leads somewhere, or to another site. */
export function deadBecause(link: string, from: Page, pages: readonly Page[]): string | undefined {
  if (/^[a-z]+:/i.test(link)) return undefined
  const [target = '', anchor] = decodeURI(link).split('#')
  const path = target === '' ? from.path : join(dirname(from.path), target)
  if (globSync(path.replace(/\/$/, '')).length === 0) return 'no such file'
  const page = pages.find((known) => known.path === path)
  if (anchor === undefined || page === undefined || page.anchors.has(anchor)) return undefined
  return 'no such heading'
}
