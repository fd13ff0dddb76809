import { expect, it } from '@jest/globals'
import { concernsPullRequest } from '../../../../src/report/github/publish.ts'

it.each([
  ['deploy', undefined, true],
  ['promote', undefined, true],
  ['follow', 'c0ffee', true],
  ['follow', undefined, false],
  ['status', undefined, false],
  ['cleanup', 'c0ffee', false]
] as const)('a pull request hears of %s of commit %s: %s', (command, commit, hears) => {
  expect(concernsPullRequest({ command, ...(commit === undefined ? {} : { commit }) })).toBe(hears)
})
