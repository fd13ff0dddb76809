import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { User } from '@kubernetes/client-node'
import { systemClock } from '../../../../src/base/clock.ts'
import { createCluster, type ClientOptions } from '../../../../src/kubernetes/api/client.ts'
import { noAnswer } from '../../../../src/kubernetes/api/no-answer.ts'
import type { Cluster } from '../../../../src/kubernetes/cluster.ts'
import { configOf, json, refuse, standIn, type StandIn } from '../../../support/stand-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'plugin-'))
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

let plugins = 0
/** A plugin that is this shell script, with the file in `$NOTES` to write to. */
function script(lines: string): {
  readonly user: User
  readonly file: string
  readonly notes: () => readonly string[]
} {
  const notes = join(folder, `notes-${(plugins += 1)}`)
  writeFileSync(notes, '')
  const env = [{ name: 'NOTES', value: notes }]
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', lines], env }
  return {
    user: { name: 'u', exec },
    file: notes,
    notes: () => readFileSync(notes, 'utf8').trim().split('\n')
  }
}

const handsOut = (status: object): string =>
  `printf '%s' '${JSON.stringify({ kind: 'ExecCredential', status })}'`

const open = (config: StandIn['config'], options: Partial<ClientOptions> = {}): Cluster =>
  createCluster(config, { clock: systemClock, pluginLimit: 1000, ...options })

async function serve(answer: Parameters<typeof standIn>[0], user: User): Promise<StandIn> {
  const api = await standIn(answer, user)
  closing.push(() => api.close())
  return api
}

const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing failed',
    (error: unknown) => (error as Error).message
  )

function lives(pid: string): boolean {
  try {
    // A zombie is dead, too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** It is killed in the same moment, and gone a little later. */
async function gone(pid: string): Promise<boolean> {
  for (let tries = 0; tries < 100 && lives(pid); tries += 1) await sleep(50)
  return !lives(pid)
}

const GET = { method: 'GET', path: '/api' }

describe('a credential plugin', () => {
  it('that asks for something gets no answer, as nobody is there', async () => {
    const { user } = script('cat; read -r line && echo "$line"')
    const message = await failureOf(open(configOf('http://127.0.0.1:1', user)).send(GET))
    expect(message).toContain('the credential plugin sh has failed (exit 1)')
  })

  it('that never ends is ended, with all that it has started, and its last words are told', async () => {
    const { user, notes } = script(
      'sleep 300 & echo $! >>$NOTES; echo $$ >>$NOTES; echo "enter the code ABC-DEF; eyJhbGciOiJSUzI1NiIsImtpZCI6ImE0bm" >&2; wait'
    )
    const message = await failureOf(open(configOf('http://127.0.0.1:1', user)).send(GET))
    expect(message).toMatch(
      /credentials cannot be had: the credential plugin sh has not answered within 1s and was ended: .*: enter the code ABC-DEF; \*\*\*$/
    )
    expect(notes()).toHaveLength(2)
    for (const pid of notes()) expect(await gone(pid)).toBe(true)
  })

  it('whose child keeps its output open is heard nevertheless, and the child is ended', async () => {
    const { user, notes } = script(`sleep 300 & echo $! >>$NOTES; ${handsOut({ token: 'aToken' })}`)
    const api = await serve((_, response) => {
      json(response, 200, {})
    }, user)
    expect(await open(api.config, { pluginLimit: 60_000 }).send(GET)).toMatchObject({ status: 200 })
    expect(api.received[0]?.headers.authorization).toBe('Bearer aToken')
    expect(await gone(notes()[0] ?? '')).toBe(true)
  })

  it('that prints without end is ended as well', async () => {
    const { user } = script('yes')
    const message = await failureOf(open(configOf('http://127.0.0.1:1', user)).send(GET))
    expect(message).toContain('has not answered within 1s')
  })

  it.each([
    ['neither a token nor a certificate', handsOut({}), 'neither a token nor a certificate'],
    ['no status', 'echo "{}"', 'without a status'],
    ['null', 'echo null', 'without a status'],
    ['nothing', 'true', 'has not answered in JSON']
  ])('that hands out %s is told', async (_, lines, expected) => {
    const message = await failureOf(open(configOf('http://127.0.0.1:1', script(lines).user)).send(GET))
    expect(message).toContain(expected)
  })

  it('that hangs holds up neither who is not wanted any more nor who has a time limit of its own', async () => {
    const { user } = script('sleep 300')
    const cluster = open(configOf('http://127.0.0.1:1', user), { pluginLimit: 30_000 })
    const stop = new AbortController()
    const began = performance.now()
    const stopped = failureOf(cluster.send({ ...GET, signal: stop.signal }))
    const limited = failureOf(cluster.send({ ...GET, timeout: 200 }))
    stop.abort(new Error('cancelled'))
    expect(await stopped).toBe('cancelled')
    expect(await limited).toContain('gave no answer')
    expect(performance.now() - began).toBeLessThan(15_000)
    process.emit('exit', 0)
  })

  it('ends with the process that has started it', async () => {
    const { user, file, notes } = script('echo $$ >>$NOTES; sleep 300')
    const source = join(process.cwd(), 'src/kubernetes/api/exec-plugin.ts')
    const program = `
      import { existsSync, readFileSync } from 'node:fs'
      import { runPlugin } from ${JSON.stringify(source)}
      void runPlugin(${JSON.stringify(user.exec)}, 60000)
      setInterval(() => {
        if (readFileSync(${JSON.stringify(file)}, 'utf8') !== '') process.exit(0)
      }, 20)`
    execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', program])
    expect(await gone(notes()[0] ?? '')).toBe(true)
  })

  it('is asked before its token ends, while requests go on with that', async () => {
    const soon = new Date(Date.now() + 30_000).toISOString()
    const { user, notes } = script(
      `echo asked >>$NOTES; if [ "$(wc -l <$NOTES)" -gt 1 ]; then sleep 0.5; ${handsOut({ token: 'second' })}; else ${handsOut({ token: 'first', expirationTimestamp: soon })}; fi`
    )
    const api = await serve((_, response) => {
      json(response, 200, {})
    }, user)
    const cluster = open(api.config, { pluginLimit: 60_000 })
    const sent = (): string | undefined => api.received.at(-1)?.headers.authorization
    await cluster.send(GET)
    await cluster.send(GET)
    expect(sent()).toBe('Bearer first')
    while (sent() !== 'Bearer second') {
      await sleep(50)
      await cluster.send(GET)
    }
    expect(notes()).toEqual(['asked', 'asked'])
  })
})

describe('a 401 with a Status in it that comes through the proxy of the API server', () => {
  const PROXY = '/api/v1/namespaces/shop/pods/http:web-1:8080/proxy/orders'
  const twoTokens = (): User =>
    script(
      `echo asked >>$NOTES; if [ "$(wc -l <$NOTES)" -gt 1 ]; then ${handsOut({ token: 'second' })}; else ${handsOut({ token: 'first' })}; fi`
    ).user
  const unauthorized = (response: Parameters<typeof refuse>[0]): void => {
    refuse(response, 401, 'Unauthorized', 'Unauthorized')
  }

  it('of a pod is its answer: nothing is sent twice', async () => {
    const api = await serve(({ path }, response) => {
      if (path === PROXY) unauthorized(response)
      else json(response, 200, {})
    }, twoTokens())
    const cluster = open(api.config, { pluginLimit: 60_000 })
    expect(await cluster.send({ method: 'POST', path: PROXY, body: '{}' })).toMatchObject({ status: 401 })
    await cluster.send(GET)
    expect(api.received.filter(({ path }) => path === PROXY)).toHaveLength(1)
    expect(api.received.at(-1)?.headers.authorization).toBe('Bearer first')
  })

  it('of the API server, whose token has ended, is a reason to send it with another one', async () => {
    const api = await serve(({ headers }, response) => {
      if (headers.authorization === 'Bearer first') unauthorized(response)
      else json(response, 201, {})
    }, twoTokens())
    const cluster = open(api.config, { pluginLimit: 60_000 })
    expect(await cluster.send({ method: 'POST', path: PROXY, body: '{}' })).toMatchObject({ status: 201 })
  })
})

describe('a client certificate that the other side refuses in the TLS handshake', () => {
  const certificates = (): void => {
    if (existsSync(join(folder, 'ca.pem'))) return
    const openssl = (...args: readonly string[]): Buffer =>
      execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=ca')
    openssl('req', '-x509', ...key, '-keyout', 'old.key', '-out', 'old.pem', '-days', '2', '-subj', '/CN=old')
    for (const name of ['new', 'server']) {
      openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
      openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`)
    }
  }
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8')

  it.each(['-tls1_2', '-tls1_3'])('is got anew from the plugin: %s', async (version) => {
    certificates()
    // The TLS server of Node hangs up without an alert.
    const files = ['-cert', 'server.pem', '-key', 'server.key', '-CAfile', 'ca.pem']
    const strict = ['-Verify', '1', '-verify_return_error', '-www', version]
    const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...files, ...strict], {
      cwd: folder
    })
    closing.push(() => server.kill())
    const port = await new Promise<string>((resolve) => {
      let said = ''
      server.stdout.on('data', (chunk: Buffer) => {
        const [, found] = /ACCEPT 127\.0\.0\.1:(\d+)/.exec((said += chunk.toString())) ?? []
        if (found !== undefined) resolve(found)
      })
    })
    const credential = (name: string): string => {
      const file = join(folder, `${name}.json`)
      const status = { clientCertificateData: text(`${name}.pem`), clientKeyData: text(`${name}.key`) }
      writeFileSync(file, JSON.stringify({ status }))
      return `cat ${file}`
    }
    const { user, notes } = script(
      `echo asked >>$NOTES; if [ "$(wc -l <$NOTES)" -gt 1 ]; then ${credential('new')}; else ${credential('old')}; fi`
    )
    const config = configOf(`https://127.0.0.1:${port}`, user)
    config.clusters = config.clusters.map((cluster) => ({ ...cluster, skipTLSVerify: true }))
    const cluster = open(config, { pluginLimit: 60_000 })
    expect(await cluster.send(GET)).toMatchObject({ status: 200 })
    expect(notes()).toEqual(['asked', 'asked'])
  })

  it('again and again is told as what it is', () => {
    const alert = Object.assign(new Error('tlsv1 alert certificate expired'), {
      code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'
    })
    expect(noAnswer('https://api', alert, 10).message).toBe(
      'https://api refuses the client certificate: tlsv1 alert certificate expired. Has it expired, and is it of this cluster?'
    )
  })
})
