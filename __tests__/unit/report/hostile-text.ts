import fc from 'fast-check'

/** Pieces of what a pod, an event or a commit could say to take over a log or a report. */
const pieces = [
  ...[
    '::error::x',
    '\n::add-mask::a',
    '\r::set-output name=a::b',
    '##[error]',
    '##\u200B[command]',
    ':\u200B:error::'
  ],
  ...[
    '`',
    '``',
    '```',
    '\n```\n',
    '\n~~~\n',
    '````js',
    '\\',
    '\\`',
    '\\|',
    '\\\\|',
    '|',
    '\n| a | b |\n|---|---|\n'
  ],
  ...[
    '# h',
    '\n# h\n',
    '\n===\n',
    '\n---\n',
    '\n- item',
    '\n* item',
    '\n1. item',
    '> quote',
    '\n> [!NOTE]\n',
    '    code'
  ],
  ...[
    '<img src=x onerror=alert(1)>',
    '</details>',
    '<script>',
    '<!--',
    '-->',
    '</code>',
    '<details open>',
    '<![CDATA['
  ],
  ...[
    '[x](javascript:alert(1))',
    '![i](http://e.example/x.png)',
    '[^1]',
    '\n[a]: http://e.example\n',
    '[a][a]',
    '<http://e.example>'
  ],
  ...[
    'https://e.example/a',
    'www.e.example',
    'a@e.example',
    'mailto:a@e.example',
    'xmpp:a@e.example',
    'ftp://e.example'
  ],
  ...[
    '@acme/team',
    '@octocat',
    '#123',
    'acme/shop#1',
    'GH-1',
    ':tada:',
    ':+1:',
    '$x$',
    '$$',
    '$`x`$',
    '&lt;',
    '&#64;a',
    '&#35;1'
  ],
  ...[
    '\u001B[31m',
    '\u009B31m',
    '\u001B]8;;http://e.example\u0007',
    '\u202E',
    '\u2066',
    '\u200B',
    '\u200D',
    '\uFEFF'
  ],
  ...[
    '\u0000',
    '\u0008',
    '\u0085',
    '\u2028',
    '\u2029',
    '\v',
    '\f',
    '\t',
    '\uD800',
    '\u{E0041}',
    '**',
    '_',
    '*',
    '~',
    '  ',
    'word'
  ]
]

/** Such pieces in any order, with anything else between them. */
export const hostile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...pieces) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
      { weight: 1, arbitrary: fc.string({ maxLength: 6 }) }
    ),
    { maxLength: 8 }
  )
  .map((parts) => parts.join(''))
