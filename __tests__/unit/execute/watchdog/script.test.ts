import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, jest } from '@jest/globals'
import { WATCHDOG_SCRIPT } from '../../../../src/execute/watchdog/script.ts'

/** The watchdog's script in this machine's own shell, with a kubectl that answers from files and notes what it is told. */

// Many small processes, on a machine that may be busy.
jest.setTimeout(60_000)

interface Dog {
  /** Whatever it has written, in order, without its first looks. */
  readonly written: readonly string[]
  readonly said: string
  readonly exitCode: number | null
}

/** What there is when it begins. */
interface World {
  readonly env?: Readonly<Record<string, string>>
  readonly record?: string
  readonly ready?: string
  /** By which the first writes are refused. */
  readonly refusal?: 'forbidden' | 'conflict'
  /** What happens in its first seconds, each in the shell; then nothing more. */
  readonly seconds?: readonly string[]
}

const KUBECTL = `#!/bin/sh
# kubectl --request-timeout=5s VERB KIND NAME ...
verb=$2 kind=$3 name=$4
case "$verb $kind" in
  'get lease') [ -e "$FILES/lock" ] || exit 1; read -r line <"$FILES/lock"; echo "$line" ;;
  'get service') printf '7|'; read -r line <"$FILES/record"; printf '%s' "$line" ;;
  'get deployment') case $* in *readyReplicas*) read -r line <"$FILES/ready"; printf '%s' "$line" ;; esac ;;
  *)
    case $* in *--dry-run=server*) [ ! -e "$FILES/forbidden" ] || { echo 'Forbidden' >&2; exit 1; }; exit 0 ;; esac
    [ ! -e "$FILES/conflict" ] || { rm "$FILES/conflict"; echo Conflict >&2; exit 1; }
    shift 3
    printf '%s %s' "$verb" "$kind" >>"$FILES/written"
    printf ' %s' "$@" | tr '\\n' ' ' >>"$FILES/written"
    echo >>"$FILES/written"
    ;;
esac
`

/** Its seconds pass at once, and something happens in each. */
const SLEEP = `#!/bin/sh
cd "$FILES" || exit 1
echo >>slept
second=$(sed -n "$(wc -l <slept)p" seconds)
eval "$second"
`

const RUNNING = String.raw`{"version":1,"actor":"\"phase\":\"running\"","phase":"running","weight":50}`

const LOCK = '5|run-1|t1|0'
const lock = (text: string): string => `echo '${text}' >lock`

async function playDog(world: World = {}): Promise<Dog> {
  const { env, record = RUNNING, ready = '3', refusal, seconds = [] } = world
  const [files, home] = ['files', 'home'].map((name) => mkdtempSync(join(tmpdir(), `watchdog-${name}-`)))
  const write = (name: string, text: string): void => {
    writeFileSync(join(files ?? '', name), `${text}\n`, { mode: 0o755 })
  }
  write('kubectl', KUBECTL)
  write('sleep', SLEEP)
  write('record', record)
  write('ready', ready)
  write('lock', LOCK)
  write('seconds', seconds.join('\n'))
  if (refusal !== undefined) write(refusal, '')
  const child = spawn('sh', ['-c', WATCHDOG_SCRIPT], {
    env: {
      PATH: `${files ?? ''}:${process.env.PATH ?? ''}`,
      FILES: files,
      HOME: home,
      KUBECONFIG: join(home ?? '', 'kubeconfig'),
      KUBERNETES_SERVICE_HOST: 'fd00::1',
      KUBERNETES_SERVICE_PORT: '443',
      NAMESPACE: 'shop',
      LEASE: 'greenlight-service-web',
      HOLDER: 'run-1',
      SELF: 'watchdog-of-run-1',
      PATIENCE: '3',
      SERVICE: 'web',
      CANARY_SERVICE: '',
      FOLLOWERS: '',
      OTHER_LEASES: '',
      STABLE: 'web-blue',
      TO_STABLE: '[{"op":"replace","path":"/spec/selector","value":{"app":"web"}}]',
      ...env
    }
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const path = join(files ?? '', 'written')
  const written = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
  return { exitCode, said, written }
}

const RESTORE = [
  expect.stringMatching(
    /^patch lease greenlight-service-web .*"value":"5".*"value":"watchdog-of-run-1"/
  ) as unknown,
  String.raw`annotate service web --overwrite --resource-version 7 greenlight.dev/release={"version":1,"actor":"\"phase\":\"running\"","phase":"aborting","weight":50}`
]
const TO_STABLE = '--type json --patch [{"op":"replace","path":"/spec/selector","value":{"app":"web"}}]'
const LET_GO = expect.stringMatching(/^patch lease .*"\/spec\/leaseDurationSeconds","value":1/) as unknown

describe('a lock that is not renewed', () => {
  it('is taken; then the record is marked, and the Services are pointed to stable', async () => {
    const dog = await playDog({ env: { CANARY_SERVICE: 'web-green' } })
    expect(dog).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining('all traffic is on deployment/web-blue again') as unknown,
      written: [...RESTORE, `patch service web-green ${TO_STABLE}`, `patch service web ${TO_STABLE}`, LET_GO]
    })
  })

  it('by a release without routes: there is one Service', async () => {
    const { written } = await playDog()
    expect(written).toEqual([...RESTORE, `patch service web ${TO_STABLE}`, LET_GO])
  })

  it('by a release that other Services follow: they go back as well, and the other locks are let go of', async () => {
    const change = '[{"op":"replace","path":"/spec/selector","value":{"app":"web","tier":"front"}}]'
    const env = {
      FOLLOWERS: `web-internal ${change}\nweb-admin ${change}`,
      OTHER_LEASES: 'greenlight-deployment-web greenlight-service-web-internal'
    }
    const { written } = await playDog({ env })
    const letGo = (name: string): unknown =>
      expect.stringMatching(
        new RegExp(`^patch lease ${name} .*run-1.*"/spec/leaseDurationSeconds","value":1`)
      )
    expect(written).toEqual([
      ...RESTORE,
      `patch service web ${TO_STABLE}`,
      `patch service web-internal --type json --patch ${change}`,
      `patch service web-admin --type json --patch ${change}`,
      letGo('greenlight-deployment-web'),
      letGo('greenlight-service-web-internal'),
      LET_GO
    ])
  })

  it.each(['promoting', 'promoted', 'waiting', 'rolled-back'])(
    'by a release that is %s: there is nothing to put back',
    async (phase) => {
      const dog = await playDog({ record: `{"version":1,"phase":"${phase}"}` })
      expect(dog).toMatchObject({ exitCode: 0, written: [RESTORE[0], LET_GO] })
    }
  )

  it('and stable has no pods: the traffic stays until it has', async () => {
    const seconds = ['', '', '', '', '', 'echo tried >>written', 'echo 1 >ready']
    const dog = await playDog({ ready: '', seconds })
    expect(dog.said).toContain('has no ready pods')
    expect(dog.written).toEqual([RESTORE[0], 'tried', RESTORE[1], `patch service web ${TO_STABLE}`, LET_GO])
  })

  it('but is renewed in the moment in which it is to be taken: its holder lives', async () => {
    const seconds = ['', '', '', '', lock('6|run-1|t2'), '', '', lock('7||t2')]
    const dog = await playDog({ refusal: 'conflict', seconds })
    expect(dog).toMatchObject({ exitCode: 0, written: [] })
    expect(dog.said).toContain('Conflict')
  })

  it('because somebody has deleted it: the record keeps the run from writing', async () => {
    const { written } = await playDog({ seconds: [lock('')] })
    expect(written.slice(0, 2)).toEqual([RESTORE[1], `patch service web ${TO_STABLE}`])
  })

  it('and is taken by another run meanwhile: that one does what is to be done', async () => {
    const seconds = ['', '', '', '', '', lock('9|run-2|t9')]
    const dog = await playDog({ ready: '', seconds })
    expect(dog).toMatchObject({ exitCode: 0, written: [RESTORE[0]] })
  })
})

describe('it keeps still', () => {
  it('while the lock is renewed', async () => {
    const times = Array.from({ length: 12 }, (_, index) => [lock(`${index}|run-1|t${index}`), '', ''])
    const dog = await playDog({ seconds: [...times.flat(), lock('20||t12')] })
    expect(dog).toMatchObject({ exitCode: 0, written: [] })
  })

  it.each(['6||t1', '6|run-2|t1'])('and ends when the lock is %s', async (text) => {
    expect(await playDog({ seconds: [lock(text)] })).toMatchObject({ exitCode: 0, written: [] })
  })

  it('while the cluster does not answer, and counts anew after that', async () => {
    const seconds = ['', '', '', 'rm lock', '', '', '', '', lock(LOCK), '', lock('6||t1')]
    expect(await playDog({ seconds })).toMatchObject({ exitCode: 0, written: [] })
  })
})

it('that may not do its work says so at once', async () => {
  const dog = await playDog({ refusal: 'forbidden' })
  expect(dog.exitCode).toBe(1)
  expect(dog.said).toContain('Forbidden')
})

it('that was started again after it had taken the lock goes on at once', async () => {
  const dog = await playDog({
    env: { PATIENCE: '1000' },
    seconds: [lock('6|watchdog-of-run-1|t1')]
  })
  expect(dog.written).toEqual([RESTORE[1], `patch service web ${TO_STABLE}`, LET_GO])
})
