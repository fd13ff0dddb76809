import { spawnSync } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'

import { systemClock } from '../../../src/clock.ts'
import type { Cluster } from '../../../src/kubernetes/cluster.ts'
import { runCommand, withoutInputs } from '../../../src/smoke/command.ts'
import type { Variables } from '../../../src/smoke/command.ts'
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

const run = async (line: string, more: Variables = {}) => {
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
      detail: expect.stringMatching(/^exit 0\n/),
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

  it('keeps its last lines', async () => {
    const { detail } = await run('seq 50; exit 1')
    expect(detail).toBe(['exit 1', ...Array.from({ length: 20 }, (_, at) => String(31 + at))].join('\n'))
  })

  it('leaves nothing behind', async () => {
    const started = performance.now()
    const { lines, passed } = await run('sleep 60 & echo $!')
    expect(passed).toBe(true)
    expect(isAlive(Number(lines[0]))).toBe(false)
    expect(performance.now() - started).toBeLessThan(5000)
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
  it('is ours, without the inputs: they hold secrets', () => {
    expect(
      withoutInputs({ HOME: '/root', INPUT_KUBECONFIG: 's', 'INPUT_GITHUB-TOKEN': 's', input_x: 's' })
    ).toEqual({
      HOME: '/root'
    })
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
      { namespace: 'shop', slot: 'green', port: 8080, pods: ['web-1'] },
      { cluster: { forward } as unknown as Cluster, clock: systemClock, log },
      { judgedByChecks: false, variables: { ...variables, MINE: 'mine', INPUT_SECRET: 's3cret' } },
      new AbortController().signal
    )
    expect(lines).toEqual(['http://127.0.0.1:1 shop green mine'])
    expect(result).toMatchObject({ passed: true, pods: [] })
    expect(closed).toBe(true)
  })
})
