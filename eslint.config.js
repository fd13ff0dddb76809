import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** What only decides or renders: values in, values out. */
const pure = [
  'src/grammar/**',
  'src/strategies/**',
  'src/kubernetes/ports.ts',
  'src/routes/**',
  'src/analysis/{finding,histogram,judge,origin,pod-origin,probe-requests,recipes,router-origin,routers,samples,selector,source,subject,traffic}.ts',
  'src/kubernetes/{canonical,gitops,health,absent,manifests,needs,ownership,patience,pod-resources,probes,quantity,references,selectors,shape,slot-values,slots,tree,yaml}.ts',
  'src/report/{chart,checks,comment,figures,headline,history,json,limits,markdown,outputs,overview,pods,preview,steps,summary,text,verdict}.ts',
  'src/{history,observed,outcome,outcomes,own-record,plan,read-record,record,shell,unified-diff}.ts'
]

const effects = [
  {
    group: ['@actions/*', 'axios', '@kubernetes/client-node', 'node:*', '!node:assert', '!node:crypto'],
    message: 'This folder is pure: it decides or renders, it does not do.'
  }
]

/** Arrows point one way: main → run → {observe, plan, execute, report} → ports. */
const above = (...files) => ({
  group: files.map((file) => `**/${file}`),
  message: 'Arrows point one way: main → run → observe, plan, execute, report → ports.'
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
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 200, skipBlankLines: true, skipComments: true }],
      'no-console': 'error'
    }
  },
  {
    files: ['__tests__/**'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': 'off', 'no-console': 'off' }
  },
  { files: ['**/*.js'], languageOptions: { globals: { process: 'readonly' } } },
  {
    files: ['src/**'],
    ignores: ['src/main.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [above('main.ts')] }] }
  },
  {
    files: ['src/*/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [above('main.ts', 'run.ts', 'execute.ts', 'observe.ts')] }
      ]
    }
  },
  {
    files: pure,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [above('main.ts', 'run.ts', 'execute.ts', 'observe.ts'), ...effects] }
      ]
    }
  }
)
