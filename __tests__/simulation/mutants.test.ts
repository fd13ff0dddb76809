import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, jest } from '@jest/globals'
import { mutants } from './mutants.ts'

/** What the simulation is worth: a build with a fault put in on purpose is caught by playing few schedules. */

// Two processes at once for each fault, on a machine that may be busy.
jest.setTimeout(300_000)

const MOST_SCHEDULES = 60

const simulate = promisify(execFile)

describe('the simulation catches a build', () => {
  it.each(Object.entries(mutants))('with the fault "%s"', async (name, { from = 1 }) => {
    const { stdout } = await simulate('script/simulate', ['--break', name, '--from', String(from)])
    const [, count] = /: caught within (\d+) schedules/.exec(stdout) ?? []
    expect({ stdout, isCaught: Number(count) <= MOST_SCHEDULES }).toMatchObject({ isCaught: true })
  })

  it('that is not changed as it should be: then it says so', async () => {
    const broken = simulate('script/simulate', ['--break', 'nothing of that name'])
    await expect(broken).rejects.toThrow(/there is no break nothing of that name; there are fence, no lock/)
  })
})
