import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import type { Ended } from '../support/action.ts'
import { startApiDoor, type ApiDoor } from '../support/cluster/api-door.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

playLiveScenes()

let door: ApiDoor
beforeAll(async () => {
  door = await startApiDoor()
})
afterAll(() => {
  door.close()
})

/** A token that the API server takes for as long as there is the Secret that it is bound to. */
interface Token {
  readonly text: string
  /** Resolves when the API server refuses it: it remembers a good one for some seconds. */
  revoke(): Promise<void>
}

async function issueToken(namespace: string, name: string): Promise<Token> {
  const secret = await admin.create<KubernetesObject>({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace }
  })
  const { uid } = secret.metadata
  const answer = await admin.send({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/greenlight/token`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid } }
    })
  })
  const { token: text } = (JSON.parse(answer.body) as { status: { token: string } }).status
  return {
    text,
    async revoke() {
      await admin.remove(secret)
      while ((await statusFor(text)) !== 401) await sleep(200)
    }
  }
}

async function statusFor(token: string): Promise<number> {
  const { status } = await fetch(`${door.url}/api/v1/namespaces/default`, {
    headers: { authorization: `Bearer ${token}` }
  })
  return status
}

const kubeconfig = (namespace: string, user: object): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: door.url } }],
    users: [{ name: 'greenlight', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'greenlight', namespace } }],
    'current-context': 'test'
  })

/** A credential plugin that hands out what is in the file, never says for how long, and notes that it was asked. */
function plugin(folder: string, file: string): { readonly user: object; readonly asked: () => number } {
  const script = join(folder, 'plugin.sh')
  const notes = join(folder, 'asked')
  writeFileSync(notes, '')
  writeFileSync(
    script,
    `#!/bin/sh
echo asked >>${notes}
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat ${file})"
`
  )
  chmodSync(script, 0o755)
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: script,
    interactiveMode: 'Never'
  }
  return { user: { exec }, asked: () => readFileSync(notes, 'utf8').split('\n').length - 1 }
}

/** Each token is masked on a line of its own, before anything else could print it, and nothing else does. */
function expectMasked({ log, summary, outputs }: Ended, tokens: readonly Token[]): void {
  for (const { text } of tokens) {
    const lines = log.split(/\r\n|\r|\n/).filter((line) => line.includes(text))
    expect(lines).toEqual([`::add-mask::${text}`])
    expect(summary + JSON.stringify(outputs)).not.toContain(text)
  }
}

/** Plays a release whose token is refused at 20%, with every watch cut off, so that these too must show a new one. */
async function playRenewal(
  user: (folder: string, file: string) => object,
  late: number
): Promise<{ readonly ended: Ended; readonly scene: LiveScene; readonly tokens: readonly Token[] }> {
  const host = uniqueHost()
  const scene = await openLiveScene([workload(), service(), httpRoute({ host })], host)
  const { namespace } = scene
  const tokens = [await issueToken(namespace, 'first'), await issueToken(namespace, 'second')] as const
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'))
  const file = join(folder, 'token')
  writeFileSync(file, `${tokens[0].text}\n`)
  const started = scene.start({
    kubeconfig: kubeconfig(namespace, user(folder, file)),
    ...{ route: 'httproute/web', strategy: 'canary', steps: '20% for 15s\n50% for 3s\n100%' },
    ...{ images: image(2), 'smoke-tests': 'GET /health -> 200', bake: '3s' }
  })
  await started.seen('for 15s: watch web-green')
  if (late === 0) writeFileSync(file, tokens[1].text)
  await tokens[0].revoke()
  door.take()
  door.shut()
  door.open()
  if (late > 0) {
    await sleep(late)
    writeFileSync(file, tokens[1].text)
  }
  return { ended: await started.ended, scene, tokens }
}

async function expectUnharmed({
  ended,
  scene,
  tokens
}: Awaited<ReturnType<typeof playRenewal>>): Promise<void> {
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', reason: '', image: image(2) } })
  expect(door.take().filter((request) => request.includes('watch=true')).length).toBeGreaterThan(0)
  expectMasked(ended, tokens)
  const { users, empty } = await scene.end()
  console.log(
    `${users.failed} of ${users.total} requests failed; ${(ended.milliseconds / 1000).toFixed(1)} s`
  )
  expect(users.failures).toEqual([])
  expect(Object.keys(users.versions).sort()).toEqual(['v1', 'v2'])
  expect(empty).toEqual([])
}

describe('a token that the API server refuses in the middle of a release', () => {
  it('of a credential plugin: that is asked again, its new token is masked, and no user notices', async () => {
    let asked = (): number => 0
    const played = await playRenewal((folder, file) => {
      const { user, asked: count } = plugin(folder, file)
      asked = count
      return user
    }, 0)
    await expectUnharmed(played)
    expect(asked()).toBe(2)
  })

  it('of a file that is written anew: that is read again', async () => {
    await expectUnharmed(await playRenewal((_, tokenFile) => ({ tokenFile }), 0))
  })

  it('of a file that is written anew some seconds too late: the release waits for it', async () => {
    const played = await playRenewal((_, tokenFile) => ({ tokenFile }), 20_000)
    await expectUnharmed(played)
    expect(played.ended.log).toContain('the cluster refuses the credentials; trying for up to 2m')
  })

  it('of a credential plugin that then waits for a person: it is ended after a minute, and asked again', async () => {
    const played = await playRenewal((folder, file) => {
      const { user } = plugin(folder, file)
      const { command } = (user as { exec: { command: string } }).exec
      const asks = `[ "$(wc -l <${folder}/asked)" = 2 ] && { echo 'enter the code ABC-DEF' >&2; sleep 600; }`
      writeFileSync(command, readFileSync(command, 'utf8').replace('printf', `${asks}\nprintf`))
      return user
    }, 0)
    await expectUnharmed(played)
    expect(played.ended.log).toMatch(/has not answered within 1m and was ended: .*: enter the code ABC-DEF/)
  })
})
