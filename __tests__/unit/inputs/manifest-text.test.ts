import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { readManifests } from '../../../src/inputs/manifest-files.ts'

const TEXT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words}\ndata: {greeting: grüß}\n'

function fileOf(bytes: Buffer): string {
  const path = join(mkdtempSync(join(tmpdir(), 'text-')), 'words.yaml')
  writeFileSync(path, bytes)
  return path
}

const wide = (text: string): Buffer => Buffer.from(text, 'utf16le')

it.each([
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${TEXT}`)],
  ['UTF-16, little end first', wide(`\uFEFF${TEXT}`)],
  ['UTF-16, big end first', wide(`\uFEFF${TEXT}`).swap16()],
  ['two files of UTF-16, one after the other', wide(`\uFEFF${TEXT}---\n\uFEFF${TEXT}`)]
])('is read: %s', async (_, bytes) => {
  const [first] = await readManifests([fileOf(bytes)])
  expect(first?.object).toMatchObject({ data: { greeting: 'grüß' } })
})

it.each([
  ['Latin-1', Buffer.from(TEXT, 'latin1')],
  ['UTF-16 without a mark', wide(TEXT)],
  ['UTF-16 that ends in the middle of a character', wide(`\uFEFF${TEXT}`).subarray(0, -1)],
  [
    'UTF-32',
    Buffer.from([0xff, 0xfe, 0, 0, ...Array.from(TEXT).flatMap((char) => [char.charCodeAt(0), 0, 0, 0])])
  ]
])('is refused as what it is: %s', async (_, bytes) => {
  await expect(readManifests([fileOf(bytes)])).rejects.toThrow(
    'words.yaml is neither text in UTF-8 nor in UTF-16 with its mark'
  )
})
