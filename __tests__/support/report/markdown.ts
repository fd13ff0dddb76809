import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'

/** What GitHub makes of Markdown, before it takes out what is dangerous: nothing here may count on that. */
export const html = (markdown: string): string =>
  micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()]
  })

/** Every tag and comment but the invisible first line of a comment of ours. */
export const allTags = (page: string): readonly string[] =>
  page.replace(/^<!-- greenlight:[\w.-]*\/[\w.-]*[#@][\w.-]* -->\n/u, '').match(/<!?[-/a-z][^>]*>/giu) ?? []

export const decoded = (page: string): string =>
  page.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')

/** The text in which GitHub itself looks for mentions, references, links, emoji and formulas. */
export const proseOf = (page: string): string =>
  decoded(
    page
      .replace(/<pre>[\s\S]*?<\/pre>/gu, ' ')
      .replace(/<code>[\s\S]*?<\/code>/gu, ' ')
      .replaceAll('<span>$</span>', ' ')
      .replace(/<[^>]*>/gu, ' ')
  )

/** What it would find there. */
export const linkable = /@[a-z0-9]|#\d|gh-\d|:(?:[a-z+][\w+-]*|100):|\$|:\/\/|www\./iu
