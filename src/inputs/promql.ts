const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/**
 * A query with everything in quotes painted over by `~`, and everything in brackets of any kind too where `nested` is
 * false; positions stay the same.
 */
export function paint(promql: string, nested = false): string {
  const open: string[] = []
  let quoted = ''
  return promql.replace(/\\[^]|[^]/g, (token) => {
    const inside = quoted !== '' || (open.length > 0 && !nested)
    if (quoted !== '') quoted = token === quoted ? '' : quoted
    else if (token === '"' || token === "'" || token === '`') quoted = token
    else if (closing[token] !== undefined) open.push(closing[token])
    else if (token === open.at(-1)) open.pop()
    return inside || quoted !== '' || (open.length > 0 && !nested) ? '~'.repeat(token.length) : token
  })
}

/** An `and` or `unless` outside of brackets: the bound behind the query would apply to its right side only. */
export const looseWord = (promql: string): string | undefined =>
  /(?<![\w:])(?:and|unless)(?![\w:])/i.exec(paint(promql))?.[0]

/** Whether a part of the query is a comment to Prometheus. */
export const hasComment = (promql: string): boolean => paint(promql, true).includes('#')

const KEYWORDS: ReadonlySet<string> = new Set(
  'and or unless by without on ignoring group_left group_right offset bool start end inf nan atan2 limitk limit_ratio'.split(
    ' '
  )
)

/** The metrics that a query names before a selector, a range or nothing; those that are only labels are not. */
export function metricsIn(promql: string): readonly string[] {
  const bare = paint(promql, true)
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, ' ')
    .replace(/\{[^}]*\}/g, '{}')
    .replace(/\[[^\]]*\]/g, '[]')
    .replace(/\$\w+/g, ' ')
  const names = [...bare.matchAll(/(?<![\w:.@])([a-zA-Z_:][\w:]*)(?!\s*\()(?![\w:])/g)].map(
    ([, name = '']) => name
  )
  return [...new Set(names)].filter((name) => !KEYWORDS.has(name.toLowerCase()))
}

/** An expression that yields one series without labels, or none, so that `vector(0)` can stand in for it. */
const AGGREGATED = /^(?:[\d.]+\s*\*\s*)?(?:sum|count|avg|min|max)\s*~+(?:\s*\*\s*[\d.]+)?$/i

/** Where the numerator of the division begins. */
const startOfTerm = (before: string): number =>
  [...before.matchAll(/[-+<>=!]|(?<![\w:])(?:and|or|unless|bool)(?![\w:])/gi)].reduce(
    (_, { index, 0: operator }) => index + operator.length,
    0
  )

/**
 * The query as a ratio that is 0, instead of empty, while its numerator has no series: `(… or vector(0)) / …`.
 * Undefined for a query that is no ratio, or whose numerator has labels.
 */
export function withZero(promql: string): string | undefined {
  const painted = paint(promql)
  const slash = painted.indexOf('/')
  if (slash < 0) return zeroInBrackets(promql, painted)
  const start = startOfTerm(painted.slice(0, slash))
  const above = promql.slice(start, slash).trim()
  if (!AGGREGATED.test(painted.slice(start, slash).trim())) return undefined
  return `${promql.slice(0, start)}${start > 0 ? ' ' : ''}(${above} or vector(0)) ${promql.slice(slash)}`
}

/** The ratio may stand in brackets: `100 * (… / …)`. */
function zeroInBrackets(promql: string, painted: string): string | undefined {
  const [whole = '', before = '', bracket = ''] = /^([-+*\s\d.]*)(~+)/.exec(painted) ?? []
  const inside = promql.slice(before.length + 1, whole.length - 1)
  if (promql[before.length] !== '(' || bracket.length < 3) return undefined
  const zeroed = withZero(inside)
  return zeroed && `${before}(${zeroed})${promql.slice(whole.length)}`
}
