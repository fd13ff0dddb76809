import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { canonical } from '../../src/kubernetes/canonical.ts'
import { corpus, fileWith } from '../support/yaml-corpus.ts'

/** Without a cluster: kubectl changes a label of a file's object, and prints it. */
function readByKubectl(file: string): string {
  try {
    const printed = execFileSync(
      'kubectl',
      ['label', '--local', '--filename', file, '--output', 'json', 'a=b'],
      {
        env: { PATH: process.env.PATH, KUBECONFIG: '/dev/null' },
        stdio: ['ignore', 'pipe', 'ignore']
      }
    ).toString()
    return canonical((JSON.parse(printed) as { x: unknown }).x)
  } catch {
    return 'refused'
  }
}

it('kubectl takes YAML for what it is taken for here', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yaml-'))
  const read = corpus.map(([yaml], at) => {
    const file = join(folder, `${at}.yaml`)
    writeFileSync(file, fileWith(yaml))
    return [yaml, readByKubectl(file)]
  })
  expect(read).toEqual(corpus)
}, 120_000)
