import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { create } from '@actions/glob'
import { refuse, type Fault } from '../base/errors.ts'
import { parseManifests, type Manifest, type ParsedManifests } from '../kubernetes/manifests.ts'

const isManifest = (path: string): boolean => /\.(ya?ml|json)$/i.test(path)

async function matches(patterns: readonly string[]): Promise<readonly string[]> {
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
  const parsed: ParsedManifests[] = []
  for (const file of files) parsed.push(await parseFile(file))
  const all = [...faults, ...parsed.flatMap((part) => part.faults)]
  refuse(all)
  return parsed.flatMap(({ manifests }) => manifests)
}

/** UTF-8, or UTF-16 as PowerShell writes it; undefined when it is neither. */
function decode(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  const encoding = isWide ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8'
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    // As UTF-16 without a mark, or UTF-32, looks.
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

const noText = (file: string): Fault => ({
  input: 'manifests',
  problem: `${file} is neither text in UTF-8 nor in UTF-16 with its mark, and kubectl would refuse it as well`,
  example: `iconv --from-code latin1 --to-code utf-8, with the encoding that it has`
})

/** Rendered manifests of a thousand objects are smaller; etcd takes none of more than 1.5 MB. */
const LARGEST_FILE = 32 * 1024 * 1024

async function parseFile(path: string): Promise<ParsedManifests> {
  const name = relative(process.cwd(), path)
  const content = await contentOf(path)
  if ('problem' in content)
    return { manifests: [], faults: [{ input: 'manifests', problem: `${name} ${content.problem}` }] }
  const text = decode(content.bytes)
  return text === undefined ? { manifests: [], faults: [noText(name)] } : parseManifests(text, name)
}

/**
 * Refuses links that lead out of the place that the pattern names, by which the author of a pull request could have
 * files read that they must not see, and devices and pipes, which have no end.
 */
async function contentOf(
  path: string
): Promise<{ readonly bytes: Uint8Array } | { readonly problem: string }> {
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined) return { problem: 'is a link to nothing' }
  if (await leadsOut(path, real)) return { problem: 'is a link that leads out of the workspace' }
  // Without blocking on a pipe that nobody writes to.
  const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { size } = await file.stat().then((stats) => (stats.isFile() ? stats : { size: undefined }))
    if (size === undefined) return { problem: 'is no regular file' }
    if (size > LARGEST_FILE) return { problem: `has ${size} bytes; manifests of up to 32 MB are read` }
    return { bytes: await file.readFile() }
  } finally {
    await file.close()
  }
}

/** A pattern that names a path outside of the workspace is meant to. */
async function leadsOut(path: string, real: string): Promise<boolean> {
  const workspace = await realpath(process.cwd())
  const isWithin = (one: string): boolean => {
    const way = relative(workspace, one)
    return !isAbsolute(way) && way !== '..' && !way.startsWith('../')
  }
  return isWithin(path) && !isWithin(real)
}

const noFile = (pattern: string): Fault => ({
  input: 'manifests',
  problem: `${pattern} names no .yaml, .yml or .json file below ${process.cwd()}; is actions/checkout before this step?`,
  example: 'manifests: k8s/*.yaml'
})
