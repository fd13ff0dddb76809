import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'

/** What a release of Greenlight itself takes: see docs/releasing.md. */

const ACTION = 'greenlight-action/greenlight'

/** `1.2.3`, or `1.2.3-rc.1` for those who want to try it. */
interface Version {
  readonly numbers: readonly [number, number, number]
  /** What is behind the numbers, `rc.1`. */
  readonly pre: string | undefined
}

/** @throws if it is none */
export function parseVersion(text: string): Version {
  const found = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9a-z.-]+))?$/.exec(text)
  if (found === null) throw new Error(`'${text}' is not a version. It must be like 1.2.3, or 1.2.3-rc.1.`)
  const [, major, minor, patch, pre] = found
  return { numbers: [Number(major), Number(minor), Number(patch)], pre }
}

/** @throws if the tag is not `v` and a version */
function versionOf(tag: string): string {
  if (!tag.startsWith('v')) throw new Error(`'${tag}' is not the tag of a release. It must be like v1.2.3.`)
  const version = tag.slice(1)
  parseVersion(version)
  return version
}

const UNRELEASED = '## [Unreleased]'

interface Section {
  readonly heading: string
  readonly body: string
}

const sectionsOf = (changelog: string): readonly Section[] =>
  changelog
    .split(/^(?=## )/m)
    .filter((text) => text.startsWith('## '))
    .map((text) => {
      const end = text.indexOf('\n')
      return { heading: text.slice(0, end), body: text.slice(end + 1).trim() }
    })

/** What is wrong with the headings of CHANGELOG.md: Unreleased, and below it the versions, newest first, each with its day. */
export function headingFaults(changelog: string): readonly string[] {
  const [first, ...rest] = sectionsOf(changelog).map(({ heading }) => heading)
  const dated = /^## \[(\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?)\] - \d{4}-\d{2}-\d{2}$/
  const versions = rest.flatMap((heading) => dated.exec(heading)?.[1] ?? [])
  return [
    ...(first === UNRELEASED ? [] : [`the first heading is '${first ?? ''}', not '${UNRELEASED}'`]),
    ...rest
      .filter((heading) => !dated.test(heading))
      .map((heading) => `'${heading}' is not like '## [1.2.3] - 2026-11-27'`),
    ...versions
      .filter((version, at) => at > 0 && compare(versions[at - 1] ?? '', version) <= 0)
      .map((version) => `${version} stands below an older version, or twice`)
  ]
}

/** Below 0 if the first is older; a version to try is older than what it becomes. */
function compare(one: string, other: string): number {
  const [left, right] = [parseVersion(one), parseVersion(other)]
  const at = left.numbers.findIndex((number, index) => number !== right.numbers[index])
  if (at >= 0) return (left.numbers[at] ?? 0) - (right.numbers[at] ?? 0)
  if (left.pre === right.pre) return 0
  if (left.pre === undefined || right.pre === undefined) return left.pre === undefined ? 1 : -1
  return left.pre.localeCompare(right.pre, 'en', { numeric: true })
}

/**
 * What is new in a version, from CHANGELOG.md, without the line breaks that GitHub would show in the text of a release.
 * @throws if the tag is not the version of package.json, or has no section
 */
export function notesFor(tag: string, changelog: string, packageVersion: string): string {
  const version = versionOf(tag)
  if (version !== packageVersion)
    throw new Error(
      `the tag is ${tag}, and package.json says ${packageVersion}. Fix: script/release prepare ${version}, and tag that commit.`
    )
  const section = sectionsOf(changelog).find(({ heading }) => heading.startsWith(`## [${version}] - `))
  if (section === undefined)
    throw new Error(
      `CHANGELOG.md has no heading '## [${version}] - <day>'. Fix: script/release prepare ${version}.`
    )
  if (section.body === '') throw new Error(`CHANGELOG.md says nothing about ${version}.`)
  return unwrap(section.body)
}

/** Lines of one paragraph or one item on a single line; what is in fences stays. */
const unwrap = (markdown: string): string =>
  markdown
    .split(/(^```[\s\S]*?^```$)/m)
    .map((part) => (part.startsWith('```') ? part : part.replaceAll(/(?<=\S)\n[ ]*(?=[^\s\-#|>])/g, ' ')))
    .join('')

/** How to name it for good: no tag that somebody can move. */
const pinned = (tag: string, sha: string): string =>
  `\n\n### To use exactly this\n\n\`\`\`yaml\n- uses: ${ACTION}@${sha} # ${tag}\n\`\`\`\n`

/** The tag that leads to the newest version of a major, `v1`. Nothing for a version to try, or for one that is older than another. */
export function majorTag(tag: string, tags: readonly string[]): string | undefined {
  const version = versionOf(tag)
  const { numbers, pre } = parseVersion(version)
  const [major] = numbers
  const others = tags.filter((other) => /^v\d+\.\d+\.\d+$/.test(other)).map((other) => other.slice(1))
  const isNewest = others.every(
    (other) => parseVersion(other).numbers[0] !== major || compare(other, version) <= 0
  )
  return pre === undefined && isNewest ? `v${major}` : undefined
}

/** CHANGELOG.md with what was unreleased under a version of its own. */
export function released(changelog: string, version: string, day: string): string {
  if (changelog.includes(`## [${version}] - `)) return changelog
  const { body = '' } = sectionsOf(changelog).find(({ heading }) => heading === UNRELEASED) ?? {}
  if (body === '') throw new Error(`CHANGELOG.md has nothing under '${UNRELEASED}'.`)
  const [before = '', after = ''] = changelog.split(`${UNRELEASED}\n`)
  return `${before}${UNRELEASED}\n\n## [${version}] - ${day}\n${after.replace(/^\nTo become .*\n/, '')}`
}

/** A text in which every step that names a tag of the action names this one. */
export const naming = (major: string, text: string): string =>
  text.replaceAll(new RegExp(`(${ACTION}@)v\\d+\\b`, 'g'), `$1${major}`)

const read = (path: string): string => readFileSync(path, 'utf8')

const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()

function prepare(version: string): void {
  const { numbers } = parseVersion(version)
  execFileSync('npm', ['version', version, '--no-git-tag-version', '--allow-same-version'], {
    stdio: 'ignore'
  })
  const day = new Date().toISOString().slice(0, 10)
  writeFileSync('CHANGELOG.md', released(read('CHANGELOG.md'), version, day))
  const pages = ['README.md', ...globSync(['docs/**/*.md', 'examples/**/*.{yml,md}'])]
  for (const page of pages) writeFileSync(page, naming(`v${numbers[0]}`, read(page)))
}

function notes(tag: string): void {
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const text = notesFor(tag, read('CHANGELOG.md'), version)
  process.stdout.write(text + pinned(tag, git('rev-parse', `${tag}^{commit}`)))
}

function major(tag: string): void {
  const found = majorTag(tag, git('tag', '--list').split('\n'))
  if (found !== undefined) process.stdout.write(`${found}\n`)
}

if (import.meta.main) {
  const [command = '', argument = ''] = process.argv.slice(2)
  try {
    if (command === 'prepare') prepare(argument)
    else if (command === 'notes') notes(argument)
    else major(argument)
  } catch (error) {
    process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
