/** Text by which somebody who may write logs, events, metrics or names tries to take over a log or a report. */

const ESC = '\u001B'

/** What is tried in a log, a line each. */
const COMMANDS = [
  '::error::pwned',
  '  ::warning file=a.ts,line=1::pwned',
  '::add-mask::serves',
  '::set-output name=result::promoted',
  '::save-state name=settled::true',
  '::stop-commands::pwned',
  '::endgroup::',
  '##[add-mask]serves',
  'text ##[error]pwned',
  'a\r::error::pwned',
  `${ESC}[2K::error::pwned`,
  `${ESC}]8;;https://evil.example\u0007link${ESC}]8;;\u0007`,
  '\u2028::error::pwned\u2029##[error]pwned',
  '\u200B::error::pwned',
  '#\u200B#[error]pwned',
  'result=promoted',
  'result<<EOF',
  'promoted',
  'EOF'
]

/** What is tried in Markdown, a line each. */
const MARKUP = [
  '](javascript:alert(1))',
  '![x](https://evil.example/x.png)',
  '[link](https://evil.example)',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</code></pre></details></details>',
  '-->',
  '<!-- greenlight:other/web -->',
  '`` ` ``` ```` `````',
  '```',
  '~~~',
  '````js',
  '| table | breaks |',
  '|---|---|',
  '@everyone @shop/admins @octocat',
  '#1 GH-1 shop/web#1 https://github.com/shop/web/issues/1',
  'https://evil.example www.evil.example a@evil.example',
  '# heading',
  '===',
  '> [!NOTE]',
  '[a]: https://evil.example',
  '[a][a] [^1]',
  ':tada: $x$ $`x`$',
  '**bold** _em_ ~~gone~~',
  '\u202Eevil\u202C'
]

/** All of it, signed, so that a report can be shown to have it in it. */
export const hostileText = (signature: string): string => [...COMMANDS, ...MARKUP, signature].join('\n')

/** The most telling of it in one line, for what is cut short; without what a process's environment cannot hold. */
export const hostileLine = (signature: string): string =>
  `::error::pwned ##[add-mask]serves \r::set-output name=result::promoted\u2028::error::pwned ${ESC}[31m` +
  `\`\`\`</details><img src=x onerror=alert(1)>[l](javascript:alert(1))|x|@octocat #1 https://evil.example --> ${signature}`
