import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { html } from '../__tests__/support/report/markdown.ts'

/** Renders Markdown as GitHub shows it in a job summary, and takes a picture of it. */

const WIDTH = 880
const THEMES = { light: ['#ffffff', 'default'], dark: ['#0d1117', 'dark'] } as const

type Theme = keyof typeof THEMES

/** What a reader of the README wants to see; the summary itself has more below. */
const SHOWN = ['Traffic over time', 'Checks']

/** The opening and the sections that are shown, each without what is folded in. */
function shorten(summary: string): string {
  const [opening = '', ...sections] = summary.split(/^(?=### )/m)
  const shown = sections.filter((section) => SHOWN.some((title) => section.startsWith(`### ${title}\n`)))
  return [opening, ...shown].join('').replaceAll(/<details><summary>[\s\S]*?<\/details>\n/g, '')
}

/** What GitHub makes of `> [!CAUTION]` and of Mermaid. */
const asGitHub = (page: string): string =>
  page
    .replaceAll(
      /<blockquote>\s*<p>\[!(\w+)\]\n?([\s\S]*?)<\/blockquote>/g,
      (_, kind: string, text: string) =>
        `<div class="markdown-alert markdown-alert-${kind.toLowerCase()}">` +
        `<p class="markdown-alert-title">${kind[0] ?? ''}${kind.slice(1).toLowerCase()}</p><p>${text}</div>`
    )
    .replaceAll(
      /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g,
      '<pre class="mermaid">$1</pre>'
    )

function pageOf(markdown: string, theme: Theme, tools: string): string {
  const [background, mermaid] = THEMES[theme]
  const style = readFileSync(join(tools, `github-markdown-css/github-markdown-${theme}.css`), 'utf8')
  return `<!doctype html><meta charset="utf-8">
<style>${style}
body { margin: 0; background: ${background} }
.markdown-body { width: ${WIDTH}px; box-sizing: border-box; padding: 24px }
.mermaid { background: none !important; padding: 0 !important; text-align: center }</style>
<article class="markdown-body">${asGitHub(html(markdown))}</article>
<script src="file://${join(tools, 'mermaid/dist/mermaid.min.js')}"></script>
<script>
mermaid.initialize({ startOnLoad: false, theme: '${mermaid}' })
mermaid.run().then(() => { document.title = String(document.querySelector('article').offsetHeight) })
</script>`
}

const browse = (...args: readonly string[]): string =>
  execFileSync(
    process.env.CHROMIUM ?? 'chromium',
    ['--headless', '--no-sandbox', '--hide-scrollbars', '--virtual-time-budget=20000', ...args],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
  )

/** How high the page is once all charts are drawn. */
function heightOf(url: string): number {
  const title = /<title>(\d+)<\/title>/.exec(browse('--dump-dom', `--window-size=${WIDTH},1000`, url))?.[1]
  if (title === undefined) throw new Error(`${url}: the charts could not be drawn`)
  return Number(title)
}

function photograph(url: string, picture: string): void {
  const size = `--window-size=${WIDTH},${heightOf(url)}`
  browse('--force-device-scale-factor=1.5', size, `--screenshot=${picture}`, url)
}

const [pages = '', tools = '', folder = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
for (const file of globSync(join(pages, '*.md'))) {
  const markdown = shorten(readFileSync(file, 'utf8'))
  for (const theme of ['light', 'dark'] as const) {
    const page = file.replace(/md$/, `${theme}.html`)
    writeFileSync(page, pageOf(markdown, theme, tools))
    const picture = join(folder, `${basename(file, '.md')}-${theme}.png`)
    photograph(`file://${page}`, picture)
    process.stdout.write(`${picture}\n`)
  }
}
