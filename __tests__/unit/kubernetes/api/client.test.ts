import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { User } from '@kubernetes/client-node'
import { systemClock } from '../../../../src/base/clock.ts'
import { ClusterError } from '../../../../src/base/errors.ts'
import { createCluster, type ClientOptions } from '../../../../src/kubernetes/api/client.ts'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import { configOf, json, quickClock, refuse, standIn, type StandIn } from '../../../support/stand-in.ts'

const web = { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' }
const service: KubernetesObject & { readonly spec: object } = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {}
}
/** Answers for whatever kind is asked for. */
const any = { metadata: { name: 'web' }, spec: { selector: {}, template: { spec: { containers: [] } } } }
const deployment = { ...web, apiVersion: 'apps/v1', kind: 'Deployment' }

const open: StandIn[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function start(...given: Parameters<typeof standIn>): Promise<StandIn> {
  const one = await standIn(...given)
  open.push(one)
  return one
}

const clusterOf = ({ config }: Pick<StandIn, 'config'>, options: Partial<ClientOptions> = {}) =>
  createCluster(config, { clock: quickClock(), ...options })

async function failureOf(attempt: Promise<unknown>): Promise<ClusterError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error).toBeInstanceOf(ClusterError)
  return error as ClusterError
}

describe('paths', () => {
  it.each([
    ['a namespaced kind of the core', web, '/api/v1/namespaces/shop/services/web'],
    ['a kind of a group', deployment, '/apis/apps/v1/namespaces/shop/deployments/web'],
    ['a cluster-wide kind', { ...web, kind: 'Namespace' }, '/api/v1/namespaces/web'],
    ['a name that a URL cannot hold', { ...web, name: 'a/b?c' }, '/api/v1/namespaces/shop/services/a%2Fb%3Fc']
  ])('of %s', async (_, ref, path) => {
    const api = await start((__, response) => {
      json(response, 200, any)
    })
    await clusterOf(api).get(ref)
    expect(api.received.map((one) => `${one.method} ${one.path}`)).toEqual([`GET ${path}`])
  })

  it('of a kind that only the cluster knows, asked for once', async () => {
    const api = await start(({ path }, response) => {
      if (path !== '/apis/example.com/v1') {
        json(response, 200, any)
        return
      }
      json(response, 200, {
        resources: [
          { name: 'gizmos/status', kind: 'Gizmo', namespaced: true },
          { name: 'gizmos', kind: 'Gizmo', namespaced: true }
        ]
      })
    })
    const cluster = clusterOf(api)
    const ref = { apiVersion: 'example.com/v1', kind: 'Gizmo', namespace: 'shop', name: 'a' }
    await Promise.all([cluster.get(ref), cluster.get(ref)])
    await cluster.get(ref)
    expect(api.received.map(({ path }) => path)).toEqual([
      '/apis/example.com/v1',
      ...Array<string>(3).fill('/apis/example.com/v1/namespaces/shop/gizmos/a')
    ])
  })

  it('of a kind that nobody knows: asks again next time, its CRD may have come', async () => {
    let installed = false
    const gizmo = { apiVersion: 'example.com/v1', kind: 'Gizmo', metadata: { name: 'a' } }
    const api = await start(({ path }, response) => {
      if (path !== '/apis/example.com/v1') {
        json(response, 200, gizmo)
        return
      }
      if (!installed) {
        refuse(response, 404, 'the server could not find the requested resource')
        return
      }
      json(response, 200, { resources: [{ name: 'gizmos', kind: 'Gizmo', namespaced: true }] })
    })
    const cluster = clusterOf(api)
    const ref = { apiVersion: 'example.com/v1', kind: 'Gizmo', namespace: 'shop', name: 'a' }
    const { message, status } = await failureOf(cluster.get(ref))
    expect({ message, status }).toEqual({
      message: 'the cluster has no kind Gizmo in example.com/v1; is its CRD installed?',
      status: 404
    })
    installed = true
    expect(await cluster.get(ref)).toEqual(gizmo)
  })

  it('does not send a namespaced object nowhere', async () => {
    const api = await start((_, response) => {
      json(response, 200, any)
    })
    const { message } = await failureOf(clusterOf(api).get({ ...web, namespace: undefined }))
    expect(message).toBe('cannot get service/web: no namespace is given')
    expect(api.received).toEqual([])
  })
})

describe('objects', () => {
  it('keep fields that nobody has heard of, there and back', async () => {
    const strange = { ...service, spec: { invented: [{ deep: 1 }], '': '' }, 'x-kept': true }
    const api = await start(({ body, method }, response) => {
      json(response, 200, method === 'GET' ? strange : JSON.parse(body))
    })
    const cluster = clusterOf(api)
    const read = await cluster.get<KubernetesObject>(web)
    expect(read).toEqual(strange)
    expect(await cluster.replace(strange)).toEqual(strange)
    expect(JSON.parse(api.received[1]?.body ?? '')).toEqual(strange)
  })

  it.each([
    [
      'create',
      (c: ReturnType<typeof clusterOf>) => c.create(service),
      'POST',
      '/services?fieldManager=greenlight',
      'application/json'
    ],
    [
      'replace',
      (c: ReturnType<typeof clusterOf>) => c.replace(service),
      'PUT',
      '/services/web?fieldManager=greenlight',
      'application/json'
    ],
    [
      'patch',
      (c: ReturnType<typeof clusterOf>) => c.patch(web, []),
      'PATCH',
      '/services/web?fieldManager=greenlight',
      'application/json-patch+json'
    ],
    [
      'apply',
      (c: ReturnType<typeof clusterOf>) => c.apply(service),
      'PATCH',
      '/services/web?fieldManager=greenlight&force=true',
      'application/apply-patch+yaml'
    ]
  ])('%s says who writes, and how', async (_, write, method, path, type) => {
    const api = await start((__, response) => {
      json(response, 200, any)
    })
    await write(clusterOf(api))
    expect(api.received).toMatchObject([
      { method, path: `/api/v1/namespaces/shop${path}`, headers: { 'content-type': type } }
    ])
  })

  it('says that what somebody has written is to be checked, and hears the warnings', async () => {
    const warning =
      '299 - "unknown field \\"spec.a\\"", 299 - "policy/v1beta1 is deprecated, use policy/v1", 299 - "policy/v1beta1 is deprecated, use policy/v1", 199 x "no"'
    const api = await start((__, response) => {
      json(response, 200, service, { warning })
    })
    const heard: string[] = []
    const options = { dryRun: true, strict: true, onWarning: (text: string) => heard.push(text) }
    await clusterOf(api).apply(service, options)
    await clusterOf(api).create(service)
    expect(api.received.map(({ path }) => path.split('?')[1])).toEqual([
      'fieldManager=greenlight&force=true&dryRun=All&fieldValidation=Strict',
      'fieldManager=greenlight'
    ])
    expect(heard).toEqual(['unknown field "spec.a"', 'policy/v1beta1 is deprecated, use policy/v1'])
  })

  it('lists all pages as one, and says what the items are', async () => {
    const api = await start(({ path }, response) => {
      const token = new URL(path, 'http://x').searchParams.get('continue')
      json(response, 200, {
        metadata: token === null ? { continue: 'more' } : { resourceVersion: '7' },
        items: [{ metadata: { name: token ?? 'first' }, spec: {} }]
      })
    })
    const found = await clusterOf(api).list({ ...web, labels: 'app=web,tier!=db', fields: 'metadata.name=a' })
    expect(found).toEqual(
      ['first', 'more'].map((name) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: {} }))
    )
    expect(new URL(api.received[0]?.path ?? '', 'http://x').searchParams.toString()).toBe(
      'labelSelector=app%3Dweb%2Ctier%21%3Ddb&fieldSelector=metadata.name%3Da&limit=500'
    )
  })

  it.each([
    ['null', null],
    ['absent', undefined]
  ])('lists nothing where the items are %s', async (_, items) => {
    const api = await start((__, response) => {
      json(response, 200, { metadata: { continue: null }, items })
    })
    const cluster = clusterOf(api)
    expect(await cluster.list(web)).toEqual([])
    expect(await cluster.list({ ...web, metadataOnly: true })).toEqual([])
  })

  it('has no nulls in what it is sent', async () => {
    const nulls = { ...service, metadata: { ...web, labels: null, annotations: null }, spec: { ports: null } }
    const api = await start(({ method }, response) => {
      json(response, 200, method === 'GET' ? { metadata: null, items: [nulls] } : nulls)
    })
    const cluster = clusterOf(api)
    const plain = { ...service, metadata: web }
    expect([
      ...(await cluster.list(web)),
      await cluster.replace(service),
      await cluster.patch(web, [])
    ]).toEqual([plain, plain, plain])
  })

  it.each([
    ['a text', '"no"'],
    ['a list', '[]'],
    ['an object without a spec', '{"metadata":{"name":"web"}}'],
    ['a spec of another shape', '{"metadata":{"name":"web"},"spec":{"ports":[null]}}'],
    ['labels that are no text', '{"metadata":{"name":"web","labels":{"a":1}},"spec":{}}']
  ])('says so when it is sent what no API server sends: %s', async (_, body) => {
    const api = await start(({ path }, response) => {
      response.end(path.includes('?') ? `{"items":[${body}]}` : body)
    })
    const messages = [
      (await failureOf(clusterOf(api).get(web))).message,
      (await failureOf(clusterOf(api).list(web))).message
    ]
    for (const message of messages)
      expect(message).toMatch(/^an answer is no Service as an API server sends it: /)
  })

  it('lists anew, in one piece, when the next page has expired', async () => {
    const api = await start(({ path }, response) => {
      if (path.includes('continue=')) {
        refuse(response, 410, 'The provided continue parameter is too old')
        return
      }
      const whole = !path.includes('limit=')
      json(response, 200, { metadata: whole ? {} : { continue: 'x' }, items: [service] })
    })
    expect(await clusterOf(api).list(web)).toHaveLength(1)
  })

  it('takes only the object for missing, not its kind or the server', async () => {
    const missing = await start((_, response) => {
      refuse(response, 404, 'services "web" not found', 'NotFound', { name: 'web' })
    })
    expect(await clusterOf(missing).get(web)).toBeUndefined()
    const wrong = await start((_, response) => {
      response.writeHead(404).end('404 page not found')
    })
    const { message } = await failureOf(clusterOf(wrong).get(web))
    expect(message).toBe('cannot get service/web in namespace shop: 404 page not found')
  })

  it('says so when it is not an API server that answers', async () => {
    const api = await start((_, response) => {
      response.end('<html>Sign in</html>')
    })
    const { message } = await failureOf(clusterOf(api).list(web))
    expect(message).toBe(
      'cannot list services in namespace shop: the answer is no JSON but "<html>Sign in</html>"; is this the address of an API server?'
    )
  })

  it('counts every request', async () => {
    const api = await start((_, response) => {
      json(response, 200, service)
    })
    const seen: string[] = []
    const cluster = clusterOf(api, { onRequest: (method, path) => seen.push(`${method} ${path}`) })
    await cluster.get(web)
    await cluster.send({ method: 'DELETE', path: '/api/v1/namespaces/shop' })
    expect(seen).toEqual(api.received.map(({ method, path }) => `${method} ${path}`))
  })

  it('uses one connection for requests in a row', async () => {
    const api = await start((_, response) => {
      json(response, 200, any)
    })
    const cluster = clusterOf(api)
    for (let i = 0; i < 5; i++) await cluster.get(web)
    expect(api.connections()).toBe(1)
  })
})

describe('refusals', () => {
  const forbidden =
    'services "web" is forbidden: User "bot" cannot patch resource "services" in API group "" in the namespace "shop"'
  it.each([
    [
      403,
      forbidden,
      `${forbidden}. It cannot patch services in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["services"], verbs: ["patch"]}, or apply examples/kubernetes/role.yaml there`
    ],
    [403, 'exceeded quota: compute', 'exceeded quota: compute'],
    [
      401,
      'Unauthorized',
      "Unauthorized. The credentials are not valid (any more). A ServiceAccount's token ends at its time: make the next one, kubectl create token <name> --namespace <its namespace> --duration 2160h, and put it into the kubeconfig"
    ],
    [
      422,
      'the server rejected our request due to an error in our request',
      'the server rejected our request due to an error in our request. The object is no longer as the patch expects it'
    ],
    [409, 'the object has been modified', 'the object has been modified']
  ])('%i %s', async (status, said, expected) => {
    const api = await start((_, response) => {
      refuse(response, status, said)
    })
    const error = await failureOf(clusterOf(api).patch(web, []))
    expect(error.message).toBe(`cannot patch service/web in namespace shop: ${expected}`)
    expect(error.status).toBe(status)
  })

  it('without a word', async () => {
    const api = await start((_, response) => {
      response.writeHead(502).end()
    })
    const { message } = await failureOf(clusterOf(api).create(service))
    expect(message).toBe('cannot create service/web in namespace shop: status 502 without a word')
  })
})

describe('logs', () => {
  it('asks for the last lines of one container', async () => {
    const api = await start((_, response) => response.end('one\ntwo\n'))
    expect(await clusterOf(api).logs({ namespace: 'shop', name: 'web-1' }, 'app', 20, true)).toBe(
      'one\ntwo\n'
    )
    expect(api.received[0]?.path).toBe(
      '/api/v1/namespaces/shop/pods/web-1/log?container=app&tailLines=20&previous=true'
    )
  })

  it.each([[400], [404]])('are empty where there are none (%i)', async (status) => {
    const api = await start((_, response) => {
      refuse(response, status, 'previous terminated container not found')
    })
    expect(await clusterOf(api).logs({ namespace: 'shop', name: 'web-1' }, 'app', 20, true)).toBe('')
  })
})

describe('retries', () => {
  it.each([[500], [503], [429]])('reads again after %i', async (status) => {
    let asked = 0
    const api = await start((_, response) => {
      if (++asked < 3) {
        refuse(response, status, 'etcdserver: leader changed')
        return
      }
      json(response, 200, service)
    })
    expect(await clusterOf(api).get(web)).toEqual(service)
  })

  it('waits as long as it is asked to', async () => {
    let asked = 0
    const api = await start((_, response) => {
      if (++asked === 1) {
        json(response, 429, {}, { 'retry-after': '3' })
        return
      }
      json(response, 200, service)
    })
    const clock = quickClock()
    await clusterOf(api, { clock }).replace(service)
    expect(clock.slept).toEqual([3000])
  })

  it('gives up in the end, with what was said', async () => {
    const api = await start((_, response) => {
      refuse(response, 503, 'shutting down')
    })
    const { message } = await failureOf(clusterOf(api).get(web))
    expect(message).toBe('cannot get service/web in namespace shop: shutting down')
    expect(api.received).toHaveLength(5)
  })

  it.each(['get', 'create', 'replace', 'apply', 'patch', 'remove'] as const)(
    'sends a %s again when the answer is lost or a failure',
    async (verb) => {
      let asked = 0
      const api = await start((_, response) => {
        asked += 1
        if (asked === 1) response.socket?.destroy()
        else if (asked === 2) refuse(response, 500, 'etcdserver: request timed out')
        else json(response, 200, service)
      })
      const cluster = clusterOf(api)
      const deeds = {
        get: () => cluster.get(web),
        create: () => cluster.create(service),
        replace: () => cluster.replace(service),
        apply: () => cluster.apply(service),
        patch: () => cluster.patch(web, []),
        remove: () => cluster.remove(service)
      }
      await deeds[verb]()
      expect(api.received).toHaveLength(3)
    }
  )

  it('does not send a raw request again, which may be a test of somebody’s pods', async () => {
    const api = await start((_, response) => response.socket?.destroy())
    await failureOf(clusterOf(api).send({ method: 'POST', path: '/orders' }))
    expect(api.received).toHaveLength(1)
  })

  it('pauses a little longer or shorter each time', async () => {
    const api = await start((_, response) => {
      refuse(response, 503, 'shutting down')
    })
    const clock = quickClock()
    await failureOf(clusterOf(api, { clock }).get(web))
    ;[250, 500, 1000, 2000].forEach((pause, index) => {
      expect(clock.slept[index]).toBeGreaterThanOrEqual(0.75 * pause)
      expect(clock.slept[index]).toBeLessThanOrEqual(1.25 * pause)
    })
    expect(new Set(clock.slept.map((ms, index) => ms / 2 ** index)).size).toBeGreaterThan(1)
  })

  it('takes any status for an answer to a raw request', async () => {
    const api = await start((_, response) => response.writeHead(503, { 'X-A': 'b' }).end('down'))
    const answer = await clusterOf(api).send({ method: 'POST', path: '/x?y=%2F', body: ' {"a":1} ' })
    expect(answer).toMatchObject({ status: 503, body: 'down', headers: { 'x-a': 'b' } })
    expect(api.received).toMatchObject([{ path: '/x?y=%2F', body: ' {"a":1} ' }])
  })
})

describe('no answer', () => {
  it('from a closed port: says where, for how long it tried, and tries writes again too', async () => {
    const api = await start(() => undefined)
    await api.close()
    const clock = quickClock()
    const { message, status } = await failureOf(clusterOf(api, { clock }).replace(service))
    expect(message).toContain(
      `cannot update service/web in namespace shop: ${api.url} cannot be reached, given up after `
    )
    expect(message).toMatch(/given up after [2-5]\.\d s/)
    expect(message).toContain('is the cluster running')
    expect(status).toBe(0)
    expect(clock.slept).toHaveLength(4)
  })

  it('in time', async () => {
    const api = await start(() => undefined)
    const { message } = await failureOf(clusterOf(api, { timeout: 100, clock: systemClock }).get(web))
    expect(message).toMatch(
      /^cannot get service\/web in namespace shop: http:\S+ gave no answer after 0\.1 s\. A private endpoint, a firewall/
    )
    expect(api.received).toHaveLength(1)
  })

  it('of an answer that does not end', async () => {
    const api = await start((_, response) => response.writeHead(200).write('{'))
    const { message } = await failureOf(clusterOf(api).send({ method: 'GET', path: '/', timeout: 100 }))
    expect(message).toContain('gave no answer after 0.1 s')
  })

  it('from a name with several addresses', async () => {
    const { message } = await failureOf(clusterOf({ config: configOf('http://localhost:1') }).create(service))
    expect(message).toMatch(
      /cannot be reached, given up after \S+ s: connect ECONNREFUSED \S+:1\. Nothing listens there/
    )
  })

  it('of a size that can be kept in memory', async () => {
    const api = await start((_, response) => {
      const part = 'x'.repeat(1024 * 1024)
      for (let i = 0; i < 70; i++) response.write(part)
      response.end()
    })
    const { message } = await failureOf(clusterOf(api).send({ method: 'GET', path: '/', timeout: 60_000 }))
    expect(message).toContain('the answer is larger than 64 MB')
  }, 60_000)

  it('never shows the token, however the error is printed', async () => {
    const api = await start((_, response) => response.socket?.destroy(), { name: 'u', token: 's3cret' })
    const error = await failureOf(clusterOf(api).replace(service))
    expect(api.received[0]?.headers.authorization).toBe('Bearer s3cret')
    expect(inspect(error, { depth: 20 })).not.toContain('s3cret')
  })

  it('because it is no longer wanted', async () => {
    const api = await start(() => undefined)
    const stop = new AbortController()
    const sent = clusterOf(api).send({ method: 'GET', path: '/', signal: stop.signal })
    stop.abort(new Error('cancelled'))
    await expect(sent).rejects.toThrow('cancelled')
  })

  it('because the credential plugin is not there', async () => {
    const user = {
      name: 'u',
      exec: { command: 'no-such-plugin', apiVersion: 'client.authentication.k8s.io/v1' }
    }
    const { message } = await failureOf(clusterOf({ config: configOf('https://127.0.0.1:1', user) }).get(web))
    expect(message).toContain('gets its credentials from `no-such-plugin`, which is not installed here')
  })

  it('because the credential plugin fails', async () => {
    const exec = {
      command: process.execPath,
      args: ['-e', 'console.error("login expired"); process.exit(1)']
    }
    const { message } = await failureOf(
      clusterOf({ config: configOf('https://127.0.0.1:1', { name: 'u', exec }) }).get(web)
    )
    expect(message).toBe(
      `cannot get service/web in namespace shop: the kubeconfig's credentials cannot be had: the credential plugin ${process.execPath} has failed (exit 1): login expired`
    )
  })

  it('because a file of the kubeconfig is not there', async () => {
    const user = { name: 'u', keyFile: '/nowhere/key.pem' }
    const { message } = await failureOf(clusterOf({ config: configOf('https://127.0.0.1:1', user) }).get(web))
    expect(message).toContain('needs the file /nowhere/key.pem, which cannot be read (ENOENT)')
  })
})

describe('credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plugin-'))
  /** A plugin that gives out token-1, token-2, … and never says when they expire. */
  const plugin = (name: string) => {
    const path = join(folder, name)
    writeFileSync(
      path,
      `const fs = require('fs'); const f = ${JSON.stringify(`${path}.count`)};
       const n = (fs.existsSync(f) ? +fs.readFileSync(f, 'utf8') : 0) + 1; fs.writeFileSync(f, String(n));
       const { apiVersion } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       console.log(JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token: 'token-' + n } }))`
    )
    const apiVersion = 'client.authentication.k8s.io/v1'
    return { name: 'u', exec: { apiVersion, command: process.execPath, args: [path], env: null } }
  }
  const authorizations = (api: StandIn) => api.received.map(({ headers }) => headers.authorization)

  it('are got anew, once, when a token has expired without notice', async () => {
    const api = await start(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') {
        json(response, 200, service)
        return
      }
      refuse(response, 401, 'Unauthorized', 'Unauthorized')
    }, plugin('expiring.cjs'))
    expect(await clusterOf(api).get(web)).toEqual(service)
    expect(authorizations(api)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  it('are told before they are used, each once, new ones too', async () => {
    const heard: string[] = []
    const unheard: string[] = []
    const api = await start(({ headers }, response) => {
      const [, token = ''] = (headers.authorization ?? '').split(' ')
      if (!heard.includes(token)) unheard.push(token)
      if (token === 'token-1') refuse(response, 401, 'Unauthorized', 'Unauthorized')
      else json(response, 200, service)
    }, plugin('told.cjs'))
    const cluster = clusterOf(api, { onSecret: (secret) => heard.push(secret) })
    await cluster.get(web)
    await cluster.get(web)
    expect({ heard, unheard }).toEqual({ heard: ['token-1', 'token-2'], unheard: [] })
  })

  it('of a file are read anew when they are refused, without the line break at its end', async () => {
    const path = join(folder, 'token')
    writeFileSync(path, 'first\n')
    const heard: string[] = []
    const api = await start(
      ({ headers }, response) => {
        if (headers.authorization === 'Bearer second') json(response, 200, service)
        else refuse(response, 401, 'Unauthorized', 'Unauthorized')
        writeFileSync(path, 'second\n')
      },
      { name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile: path } } }
    )
    expect(await clusterOf(api, { onSecret: (secret) => heard.push(secret) }).get(web)).toEqual(service)
    expect(authorizations(api)).toEqual(['Bearer first', 'Bearer second'])
    expect(heard).toEqual(['first', 'second'])
  })

  it('of a file that is empty while it is written anew are waited for: nobody asks without one', async () => {
    const path = join(folder, 'emptied')
    writeFileSync(path, '')
    const api = await start(
      (_, response) => {
        json(response, 200, service)
      },
      { name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile: path } } }
    )
    const cluster = clusterOf(api)
    expect((await failureOf(cluster.get(web))).message).toContain('the token file is empty')
    expect(authorizations(api)).toEqual([])
    writeFileSync(path, 'second\n')
    expect(await cluster.get(web)).toEqual(service)
    expect(authorizations(api)).toEqual(['Bearer second'])
  })

  it('with a key of a plugin, and a password in its other spelling, are told as well', async () => {
    const heard = async (user: User): Promise<readonly string[]> => {
      const secrets: string[] = []
      const api = await start((_, response) => {
        json(response, 200, any)
      }, user)
      await clusterOf(api, { onSecret: (secret) => secrets.push(secret) }).get(web)
      return secrets
    }
    const status = { token: 'aToken', clientKeyData: 'aKey' }
    const args = ['-e', `console.log(${JSON.stringify(JSON.stringify({ status }))})`]
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args }
    expect(await heard({ name: 'u', exec })).toEqual(['aToken', 'aKey'])
    expect(await heard({ name: 'u', username: 'me', password: 'pw' })).toEqual([
      Buffer.from('me:pw').toString('base64')
    ])
  })

  it('that are none are not quoted, for they may be some after all', async () => {
    const exec = { command: process.execPath, args: ['-e', 'console.log("aToken")'], env: null }
    const api = await start(() => undefined, { name: 'u', exec })
    const { message } = await failureOf(clusterOf(api).get(web))
    expect(message).toContain('the credential plugin has not answered in JSON')
    expect(message).not.toContain('aToken')
  })

  it('are got once for requests that start together, also when all of them are refused', async () => {
    const api = await start(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') {
        json(response, 200, service)
        return
      }
      refuse(response, 401, 'Unauthorized', 'Unauthorized')
    }, plugin('shared.cjs'))
    const cluster = clusterOf(api)
    await Promise.all([cluster.get(web), cluster.get(web), cluster.get(web)])
    expect(new Set(authorizations(api))).toEqual(new Set(['Bearer token-1', 'Bearer token-2']))
  })

  it('are not blamed when a pod behind the proxy wants a login', async () => {
    const api = await start((_, response) => response.writeHead(401).end('login, please'))
    expect(await clusterOf(api).send({ method: 'GET', path: '/proxy' })).toMatchObject({ status: 401 })
    expect(api.received).toHaveLength(1)
  })

  it('of every other sort are sent as well', async () => {
    const api = await start(
      (_, response) => {
        json(response, 200, any)
      },
      { name: 'u', username: 'me', password: 'pw', impersonateUser: 'you' }
    )
    await clusterOf(api).get(web)
    expect(api.received[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('me:pw').toString('base64')}`,
      'impersonate-user': 'you'
    })
  })
})
