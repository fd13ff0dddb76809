import { execFileSync } from 'node:child_process'
import { mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, it } from '@jest/globals'
import { readManifests } from '../../../src/inputs/manifest-files.ts'

/** A folder within the workspace, which is where the tests run. */
const within = (): string => mkdtempSync(join(process.cwd(), 'node_modules', '.manifests-'))

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { key: hunter2 }\n'

function outside(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'outside-')), 'a.yaml')
  writeFileSync(path, OBJECT)
  return path
}

it('reads a file outside of the workspace that is named as such, and links within it', async () => {
  expect(await readManifests([outside()])).toHaveLength(1)
  const folder = within()
  writeFileSync(join(folder, 'a.yaml'), OBJECT)
  symlinkSync('a.yaml', join(folder, 'b.yaml'))
  expect(await readManifests([join(folder, 'b.yaml')])).toHaveLength(1)
})

it.each<[string, (path: string) => void, RegExp]>([
  [
    'to a file outside',
    (path) => {
      symlinkSync(outside(), path)
    },
    /is a link that leads out of the workspace/
  ],
  [
    'to a device',
    (path) => {
      symlinkSync('/dev/zero', path)
    },
    /is a link that leads out of the workspace/
  ],
  [
    'that is a pipe',
    (path) => {
      execFileSync('mkfifo', [path])
    },
    /is no regular file/
  ],
  [
    'that is too large',
    (path) => {
      writeFileSync(path, '')
      truncateSync(path, 33 * 1024 * 1024)
    },
    /has 34603008 bytes; manifests of up to 32 MB/
  ]
])('refuses a file %s', async (_, make, why) => {
  const path = join(within(), 'a.yaml')
  make(path)
  const reading = readManifests([path])
  await expect(reading).rejects.toThrow(why)
  await expect(reading).rejects.toThrow(basename(path))
  await expect(reading).rejects.not.toThrow('hunter2')
})
