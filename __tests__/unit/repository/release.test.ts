import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { headingFaults, majorTag, naming, notesFor, parseVersion, released } from '../../../script/release.ts'

const CHANGELOG = `# Changelog

All notable changes.

## [Unreleased]

To become 1.1.0.

### Added

- Something that takes
  two lines.

## [1.0.1] - 2026-11-20

### Fixed

- A fault, as in

\`\`\`yaml
a:
  b: 1
\`\`\`

- Another,
  longer one
- A third

Text that
goes on.

## [1.0.0] - 2026-11-01

- First
`

const RELEASED = released(CHANGELOG, '1.1.0', '2026-11-27')

describe('the notes of a release', () => {
  it('are its section, without breaks in the lines', () => {
    expect(notesFor('v1.0.1', CHANGELOG, '1.0.1')).toBe(`### Fixed

- A fault, as in

\`\`\`yaml
a:
  b: 1
\`\`\`

- Another, longer one
- A third

Text that goes on.`)
  })

  it.each([
    ['1.0.1', '1.0.1', "'1.0.1' is not the tag of a release. It must be like v1.2.3."],
    ['v1.0', '1.0', "'1.0' is not a version. It must be like 1.2.3, or 1.2.3-rc.1."],
    [
      'v1.0.1',
      '1.0.0',
      'the tag is v1.0.1, and package.json says 1.0.0. Fix: script/release prepare 1.0.1, and tag that commit.'
    ],
    [
      'v1.1.0',
      '1.1.0',
      "CHANGELOG.md has no heading '## [1.1.0] - <day>'. Fix: script/release prepare 1.1.0."
    ]
  ])('are none for the tag %s of version %s', (tag, version, message) => {
    expect(() => notesFor(tag, CHANGELOG, version)).toThrow(message)
  })
})

describe('a version that is released', () => {
  it('has what was unreleased, under its day', () => {
    expect(notesFor('v1.1.0', RELEASED, '1.1.0')).toBe('### Added\n\n- Something that takes two lines.')
    expect(RELEASED).toContain('## [Unreleased]\n\n## [1.1.0] - 2026-11-27\n\n### Added\n')
    expect(headingFaults(RELEASED)).toEqual([])
  })

  it('is released once', () => {
    expect(released(RELEASED, '1.1.0', '2026-12-01')).toBe(RELEASED)
    expect(() => released(RELEASED, '1.2.0', '2026-12-01')).toThrow('nothing under')
  })

  it('is named by its major wherever users are told how to name it', () => {
    const text =
      'uses: greenlight-action/greenlight@v1\nuses: greenlight-action/greenlight@v10\nuses: actions/checkout@v7\n'
    const named =
      'uses: greenlight-action/greenlight@v2\nuses: greenlight-action/greenlight@v2\nuses: actions/checkout@v7\n'
    expect(naming('v2', text)).toBe(named)
  })
})

describe('the tag that moves', () => {
  it.each([
    ['v1.2.0', 'v1'],
    ['v0.1.0', 'v0'],
    ['v1.2.0-rc.1', undefined],
    ['v1.0.5', undefined]
  ])('with %s is %s', (tag, expected) => {
    expect(majorTag(tag, ['v0', 'v1', 'v1.1.9', 'v2.0.0', 'v1.3.0-rc.1', tag, ''])).toBe(expected)
  })
})

describe('headings that are not right', () => {
  it('are told', () => {
    expect(
      headingFaults('## [1.0.0] - 2026-11-01\n## 1.0.1\n## [1.0.1] - 2026-11-02\n## [1.0.1] - 2026-11-02\n')
    ).toEqual([
      "the first heading is '## [1.0.0] - 2026-11-01', not '## [Unreleased]'",
      "'## 1.0.1' is not like '## [1.2.3] - 2026-11-27'",
      '1.0.1 stands below an older version, or twice'
    ])
    expect(headingFaults('## [Unreleased]\n## [1.0.0-rc.2] - 2026-11-01\n## [1.0.0] - 2026-11-02\n')).toEqual(
      ['1.0.0 stands below an older version, or twice']
    )
  })
})

describe('this version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

  it('is one', () => {
    expect(parseVersion(version).numbers).toHaveLength(3)
  })

  it('has a changelog with the headings that its notes are made of', () => {
    expect(headingFaults(readFileSync('CHANGELOG.md', 'utf8'))).toEqual([])
  })

  it('is the one that package-lock.json knows', () => {
    expect(JSON.parse(readFileSync('package-lock.json', 'utf8'))).toMatchObject({ version })
  })
})
