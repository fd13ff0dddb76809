import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { create } from '@actions/glob'

import { InputError } from './errors.ts'
import type { Fault } from './errors.ts'
import { parseManifests } from './kubernetes/manifests.ts'
import type { Manifest } from './kubernetes/manifests.ts'

const isManifest = (path: string): boolean => /\.(ya?ml|json)$/i.test(path)

const matches = async (patterns: readonly string[]): Promise<readonly string[]> => {
  const globber = await create(patterns.join('\n'), { matchDirectories: false })
  return (await globber.glob()).filter(isManifest)
}

/**
 * Reads the objects of all files that the patterns name: files, folders with everything in them, globs, `!` excludes.
 * @throws InputError with everything that cannot be read
 */
export async function readManifests(patterns: readonly string[]): Promise<readonly Manifest[]> {
  const excluded = patterns.filter((pattern) => pattern.startsWith('!'))
  const included = patterns.filter((pattern) => !pattern.startsWith('!'))
  const found = await Promise.all(included.map((pattern) => matches([pattern, ...excluded])))
  const faults = included.flatMap((pattern, index) => (found[index]?.length === 0 ? [noFile(pattern)] : []))
  const files = [...new Set(found.flat())]
  const parsed = await Promise.all(
    files.map(async (file) => {
      const name = relative(process.cwd(), file)
      const text = decode(await readFile(file))
      return text === undefined ? { manifests: [], faults: [noText(name)] } : parseManifests(text, name)
    })
  )
  faults.push(...parsed.flatMap((part) => part.faults))
  if (faults.length > 0) throw new InputError(faults)
  return parsed.flatMap(({ manifests }) => manifests)
}

/** UTF-8, or UTF-16 as PowerShell writes it; undefined when it is neither. */
function decode(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const encoding = isWide ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8'
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const noText = (file: string): Fault => ({
  input: 'manifests',
  problem: `${file} is no text in UTF-8, which kubectl would refuse as well`,
  example: `iconv --from-code latin1 --to-code utf-8`
})

const noFile = (pattern: string): Fault => ({
  input: 'manifests',
  problem: `${pattern} names no .yaml, .yml or .json file below ${process.cwd()}; is actions/checkout before this step?`,
  example: 'manifests: k8s/*.yaml'
})
