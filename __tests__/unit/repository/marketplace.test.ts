import { readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import { parse } from 'yaml'

/** What GitHub's Marketplace asks of an action, so that a release is not refused there. */

const { name, description, branding } = parse(readFileSync('action.yml', 'utf8')) as {
  readonly name: string
  readonly description: string
  readonly branding: { readonly icon: string; readonly color: string }
}

it('the name is no single word, which would be somebody’s account or another action', () => {
  expect(name).toMatch(/^Greenlight \S/)
})

it('the description is shorter than 125 characters, and one line', () => {
  expect(description.length).toBeLessThan(125)
  expect(description).not.toContain('\n')
})

it('the branding has a colour and an icon that GitHub knows', () => {
  expect(['white', 'black', 'yellow', 'blue', 'green', 'orange', 'red', 'purple', 'gray-dark']).toContain(
    branding.color
  )
  // Of the icons of Feather 4.28, with which the listing is drawn.
  expect(['git-merge', 'git-branch', 'git-pull-request', 'check-circle', 'shield', 'toggle-right']).toContain(
    branding.icon
  )
})

it('the first lines of the README say what it is', () => {
  expect(readFileSync('README.md', 'utf8')).toMatch(/^# Greenlight\n/)
})
