import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** The folders of src from the roof to the ground: a file may import from its own folder and from those below it. */
const layers = [
  'commands',
  'preflight',
  'execute',
  'plan',
  'traffic',
  'checks',
  'smoke',
  'report',
  'observe',
  'domain',
  'inputs',
  'routes',
  'engines',
  'lock',
  'kubernetes',
  'base'
]

/** The only places that reach outside of the process; everything else is values in, values out, or works through ports. */
const withEffects = [
  'src/main.ts',
  'src/wiring.ts',
  'src/base/clock.ts',
  'src/base/http.ts',
  'src/checks/exchange.ts',
  'src/inputs/manifest-files.ts',
  'src/kubernetes/api/**',
  'src/report/github/**',
  'src/smoke/**'
]

/** These decide or render: they do not even know the ports. */
const pure = ['domain', 'engines', 'inputs', 'plan', 'report', 'routes']

const above = (folder) => ({
  group: [
    '**/main.ts',
    '**/wiring.ts',
    '**/run.ts',
    ...layers.slice(0, layers.indexOf(folder)).map((name) => `**/${name}/**`)
  ],
  message: `Arrows point one way: main → run → ${layers.join(' → ')}.`
})

const effects = {
  group: [
    '@actions/*',
    'axios',
    '@kubernetes/client-node',
    'node:*',
    '!node:assert',
    '!node:crypto',
    '**/base/http.ts'
  ],
  message: 'What reaches outside of the process has its places, see eslint.config.js.'
}

const adapter = {
  group: ['**/kubernetes/api/**'],
  message: 'cluster.ts is the port: wiring.ts alone opens the adapter.'
}

const ports = {
  group: ['**/kubernetes/cluster.ts', '**/base/clock.ts', '**/traffic/**'],
  message: 'This folder decides or renders: values in, values out.'
}

/** @param patterns what files of this folder may not import */
const restricted = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] }
})

export default tseslint.config(
  { ignores: ['dist/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'no-duplicate-imports': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ':matches(Program, ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator:not([id.typeAnnotation]) > ArrowFunctionExpression[body.type="BlockStatement"]',
          message: 'A function of statements is declared as one; an arrow is for a single expression.'
        }
      ],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 200, skipBlankLines: true, skipComments: true }],
      'no-console': 'error'
    }
  },
  {
    files: ['__tests__/**'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': 'off', 'no-console': 'off' }
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'variable',
          modifiers: ['const', 'global'],
          types: ['array', 'boolean', 'number', 'string'],
          format: ['UPPER_CASE']
        }
      ]
    }
  },
  { files: ['**/*.js'], languageOptions: { globals: { process: 'readonly' } } },
  restricted(['src/main.ts'], [adapter]),
  restricted(
    ['src/run.ts'],
    [{ group: ['**/main.ts', '**/wiring.ts'], message: 'main.ts is the roof.' }, adapter, effects]
  ),
  ...layers.flatMap((folder) => {
    const patterns = [above(folder), adapter, ...(pure.includes(folder) ? [ports] : [])]
    return [
      restricted([`src/${folder}/**`], [...patterns, effects], withEffects),
      restricted(
        withEffects.filter((glob) => glob.startsWith(`src/${folder}/`)),
        folder === 'kubernetes' ? [above(folder)] : [above(folder), adapter]
      )
    ].filter(({ files }) => files.length > 0)
  })
)
