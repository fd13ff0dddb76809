import { spawnSync } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { systemClock } from '../../../src/base/clock.ts'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import { ofStep, runCommand, type Variables } from '../../../src/smoke/command.ts'
import { runSmokeTest } from '../../../src/smoke/index.ts'
import { quickClock } from '../../support/stand-in.ts'

const variables: Variables = { PATH: process.env.PATH }

function listen() {
  const lines: string[] = []
  const none = (): void => undefined
  const log = {
    group: none,
    endGroup: none,
    line: none,
    warning: none,
    error: none,
    quote: (text: string) => lines.push(text)
  }
  return { log, lines }
}

async function run(line: string, more: Variables = {}) {
  const { log, lines } = listen()
  const signal = new AbortController().signal
  const ending = await runCommand(line, { ...variables, ...more }, { clock: systemClock, log }, signal)
  return { ...ending, lines }
}

/** Not as a signal would tell it: a process that has ended can be kept in the table until somebody asks. */
const isAlive = (pid: number): boolean =>
  /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout)

describe('a command', () => {
  it('passes with exit 0, and shows what it prints', async () => {
    expect(await run('echo one; echo two >&2; printf three')).toEqual({
      passed: true,
      detail: 'exit 0',
      lines: expect.arrayContaining(['one', 'two', 'three'])
    })
  })

  it.each([
    ['exit 3', 'exit 3'],
    ['false; echo not reached', 'exit 1'],
    ['false | cat; echo not reached', 'exit 1'],
    ['kill -9 $$', 'exit SIGKILL']
  ])('fails otherwise: %s', async (line, detail) => {
    expect(await run(line)).toEqual({ passed: false, detail, lines: [] })
  })

  it('has as much of a line shown as anybody reads, whatever a line is', async () => {
    const { lines, passed } = await run("head -c 50000000 /dev/zero | tr '\\0' x; echo; echo end")
    expect(passed).toBe(true)
    expect(lines.map((line) => line.length)).toEqual([64 * 1024 + '… 49934464 more'.length, 3])
  })

  it('may print without end, of which 16 MB are shown', async () => {
    const { lines, passed } = await run("head -c 40000000 /dev/zero | tr '\\0' x | fold -w 35")
    expect(passed).toBe(true)
    expect(lines.at(-1)).toBe('… more than 16 MB were printed, the rest is not shown')
    expect(lines.length).toBeLessThan((16 * 1024 * 1024) / 32 + 2)
  })

  it('leaves nothing behind', async () => {
    const started = performance.now()
    const { lines, passed } = await run('sleep 60 & echo $!')
    expect(passed).toBe(true)
    expect(isAlive(Number(lines[0]))).toBe(false)
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  it('ends with its signal, and everything that it has started', async () => {
    const { log, lines } = listen()
    const stop = new AbortController()
    const quote = (text: string): void => {
      log.quote(text)
      stop.abort(new Error('cancelled'))
    }
    const running = runCommand(
      'sleep 60 & echo $!; wait',
      variables,
      { clock: systemClock, log: { ...log, quote } },
      stop.signal
    )
    await expect(running).rejects.toThrow('cancelled')
    expect(isAlive(Number(lines[0]))).toBe(false)
  })

  it('ends when it takes too long', async () => {
    const { log } = listen()
    const clock = quickClock()
    const ending = await runCommand(
      'trap "" TERM; sleep 60',
      variables,
      { clock, log },
      new AbortController().signal
    )
    expect(ending).toEqual({ passed: false, detail: 'not done after 5m, so it was ended' })
    expect(clock.slept).toEqual([300_000])
  })

  it('is run by sh where there is no bash', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shell-'))
    symlinkSync('/bin/sh', join(folder, 'sh'))
    expect(await run('echo $0', { PATH: folder })).toMatchObject({ passed: true, lines: ['sh'] })
  })

  it('cannot be run where there is no shell at all', async () => {
    await expect(run('echo hi', { PATH: '/nowhere' })).rejects.toThrow('spawn sh ENOENT')
  })
})

describe('its environment', () => {
  it("is that of a workflow's own step: nothing of an action's inputs, state, files and credentials", () => {
    const own = {
      HOME: '/root',
      MINE: 'mine',
      GITHUB_SHA: 'c0ffee',
      GITHUB_WORKSPACE: '/work',
      RUNNER_TEMP: '/tmp',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'for both',
      ACTIONS_ID_TOKEN_REQUEST_URL: 'for both'
    }
    const ofActions = [
      ...['INPUT_KUBECONFIG', 'INPUT_GITHUB-TOKEN', 'input_x', 'STATE_main', 'STATE_begun'],
      ...['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RUNTIME_URL', 'ACTIONS_CACHE_URL', 'ACTIONS_CACHE_SERVICE_V2'],
      ...[
        'ACTIONS_RESULTS_URL',
        'GITHUB_STATE',
        'GITHUB_OUTPUT',
        'GITHUB_STEP_SUMMARY',
        'GITHUB_ENV',
        'GITHUB_PATH'
      ]
    ]
    const all = { ...own, ...Object.fromEntries(ofActions.map((name) => [name, 's3cret'])) }
    expect(ofStep(all)).toEqual(own)
  })

  it('is what a command finds in it', async () => {
    const { log, lines } = listen()
    const given = {
      ...variables,
      MINE: 'mine',
      ACTIONS_RUNTIME_TOKEN: 't',
      GITHUB_STATE: '/state',
      STATE_main: 'x'
    }
    await runCommand('env | sort', ofStep(given), { clock: systemClock, log }, new AbortController().signal)
    expect(
      lines.map((line) => line.split('=')[0]).filter((name) => !['_', 'PWD', 'SHLVL'].includes(name ?? ''))
    ).toEqual(['MINE', 'PATH'])
  })

  it('says where the canary is', async () => {
    const { log, lines } = listen()
    let closed = false
    const forward = () =>
      Promise.resolve({ url: 'http://127.0.0.1:1', close: () => Promise.resolve(void (closed = true)) })
    const result = await runSmokeTest(
      {
        kind: 'command',
        run: 'echo $GREENLIGHT_URL $GREENLIGHT_NAMESPACE $GREENLIGHT_SLOT $MINE $INPUT_SECRET'
      },
      { namespace: 'shop', slot: 'green', entrance: { port: 8080, names: {} }, pods: ['web-1'] },
      {
        ...{ cluster: { forward } as unknown as Cluster, clock: systemClock, log, judgedByChecks: false },
        variables: { ...variables, MINE: 'mine', INPUT_SECRET: 's3cret' }
      },
      new AbortController().signal
    )
    expect(lines).toEqual(['http://127.0.0.1:1 shop green mine'])
    expect(result).toMatchObject({ passed: true, pods: [] })
    expect(closed).toBe(true)
  })
})
