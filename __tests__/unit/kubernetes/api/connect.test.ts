import { describe, expect, it } from '@jest/globals'
import { InputError } from '../../../../src/base/errors.ts'
import { connect, type ConnectOptions, type Machine } from '../../../../src/kubernetes/api/connect.ts'

const kubeconfig = (
  name: string,
  more: Readonly<Record<string, unknown>> = {},
  user: object = { token: 's3cret' }
): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { server: `https://${name}.example.com/`, 'certificate-authority': 'ca.crt' } }
    ],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-ns` } }],
    'current-context': name,
    ...more
  })

const options = (changes: Partial<ConnectOptions> = {}): ConnectOptions => ({
  kubeconfig: undefined,
  context: undefined,
  namespace: undefined,
  ...changes
})

const machine = (
  files: Readonly<Record<string, string>> = {},
  variables: Machine['variables'] = {}
): Machine => ({
  variables,
  home: '/home/me',
  read: (path) => files[path]
})

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount'
const inPod = machine(
  { [`${serviceAccount}/token`]: 't', [`${serviceAccount}/namespace`]: 'runners\n' },
  { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
)

function faultOf(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
  throw new Error('it went well')
}

describe('where the cluster is', () => {
  const files = { '/home/me/.kube/config': kubeconfig('home'), '/a': kubeconfig('a'), '/b': kubeconfig('b') }
  it.each<[string, ConnectOptions, Machine, string, string]>([
    [
      'the input first',
      options({ kubeconfig: kubeconfig('input') }),
      machine(files, { KUBECONFIG: '/a' }),
      'https://input.example.com',
      'input-ns'
    ],
    ['then $KUBECONFIG', options(), machine(files, { KUBECONFIG: '/a' }), 'https://a.example.com', 'a-ns'],
    ['then the file at home', options(), machine(files), 'https://home.example.com', 'home-ns'],
    ['then the Pod we run in', options(), inPod, 'https://[fd00::1]:443', 'runners'],
    [
      'several files: the first says which context',
      options(),
      machine(files, { KUBECONFIG: '/none:/b:/a:' }),
      'https://b.example.com',
      'b-ns'
    ],
    [
      'another context than the current',
      options({ context: 'a' }),
      machine(files, { KUBECONFIG: '/b:/a' }),
      'https://a.example.com',
      'a-ns'
    ],
    [
      'another namespace than the context has',
      options({ namespace: 'shop' }),
      machine(files),
      'https://home.example.com',
      'shop'
    ]
  ])('%s', (_, given, on, server, namespace) => {
    const connection = connect(given, on)
    expect({ server: connection.server, namespace: connection.namespace }).toEqual({ server, namespace })
    expect(connection.config.getCurrentCluster()?.server).toBe(server)
  })

  it('is in the namespace default when nothing is said', () => {
    const text = kubeconfig('x', { contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }] })
    expect(connect(options({ kubeconfig: text }), machine()).namespace).toBe('default')
  })

  it('several files: what the first says of a name stands', () => {
    const second = kubeconfig('a', { clusters: [{ name: 'a', cluster: { server: 'https://other' } }] })
    const { server } = connect(
      options(),
      machine({ '/1': kubeconfig('a'), '/2': second }, { KUBECONFIG: '/1:/2' })
    )
    expect(server).toBe('https://a.example.com')
  })

  it('reads paths as of the folder of their file', () => {
    const files = { '/etc/k/config': kubeconfig('a', {}, { tokenFile: 'token', 'client-key': 'me.key' }) }
    const { config } = connect(options(), machine(files, { KUBECONFIG: '/etc/k/config' }))
    expect(config.getCurrentCluster()?.caFile).toBe('/etc/k/ca.crt')
    expect(config.getCurrentUser()).toMatchObject({
      keyFile: '/etc/k/me.key',
      authProvider: { config: { tokenFile: '/etc/k/token' } }
    })
  })
})

describe('faults', () => {
  const base64 = Buffer.from('apiVersion: v1\nclusters: []\n').toString('base64')
  it.each<[string, ConnectOptions, Machine, string]>([
    [
      'nothing anywhere',
      options(),
      machine(),
      'kubeconfig: nothing says where the cluster is; looked for the input kubeconfig, $KUBECONFIG, /home/me/.kube/config and the service account of a Pod — for example: kubeconfig: ${{ secrets.KUBECONFIG }}'
    ],
    [
      '$KUBECONFIG leads nowhere',
      options(),
      machine({}, { KUBECONFIG: '/nowhere' }),
      'kubeconfig: $KUBECONFIG names /nowhere, which does not exist — for example: kubeconfig: ${{ secrets.KUBECONFIG }}'
    ],
    [
      'empty',
      options({ kubeconfig: ' \n' }),
      machine(),
      'kubeconfig: the input is not a kubeconfig: it is empty; a secret that does not exist is an empty text — for example: kubeconfig: ${{ secrets.KUBECONFIG }}'
    ],
    [
      'no YAML',
      options({ kubeconfig: 'a: 1\nsecret: "open' }),
      machine(),
      'kubeconfig: the input is not a kubeconfig: no YAML at its line 2 — for example: kubeconfig: ${{ secrets.KUBECONFIG }}'
    ],
    [
      'other YAML',
      options({ kubeconfig: 'secret: 1' }),
      machine(),
      'kubeconfig: the input is not a kubeconfig: it has no list of clusters — for example: kubeconfig: ${{ secrets.KUBECONFIG }}'
    ],
    [
      'base64',
      options({ kubeconfig: base64 }),
      machine(),
      'kubeconfig: the input is not a kubeconfig: it is base64 of one: decode it first, base64 --decode — for example: kubeconfig: ${{ secrets.KUBECONFIG }}'
    ],
    [
      'a cluster without its server',
      options(),
      machine({ '/home/me/.kube/config': kubeconfig('a', { clusters: [{ name: 'a', cluster: {} }] }) }),
      'kubeconfig: /home/me/.kube/config is not a kubeconfig: clusters[0].cluster.server is missing'
    ],
    [
      'an unknown context',
      options({ context: 'prod', kubeconfig: kubeconfig('a') }),
      machine(),
      'context: the kubeconfig has no context "prod"; it has a — for example: context: a'
    ],
    [
      'no current context',
      options({ kubeconfig: kubeconfig('a', { 'current-context': '' }) }),
      machine(),
      'context: the kubeconfig does not say which context is meant; it has a — for example: context: a'
    ],
    [
      'a context of no cluster',
      options({ kubeconfig: kubeconfig('a', { clusters: [] }) }),
      machine(),
      'kubeconfig: its context "a" names a cluster "a" that is not in it'
    ],
    [
      'a context of no user',
      options({ kubeconfig: kubeconfig('a', { users: [] }) }),
      machine(),
      'kubeconfig: its context "a" names a user "a" that is not in it'
    ]
  ])('%s', (_, given, on, message) => {
    expect(faultOf(() => connect(given, on))).toBe(message)
  })

  it.each([['tok3n: "s3cret'], ['- s3cret'], ['{"clusters":[{"s3cret":1}]}'], ['\u0000s3cret: [']])(
    'never show what is in %j',
    (text) => {
      expect(faultOf(() => connect(options({ kubeconfig: text }), machine()))).not.toContain('s3cret')
    }
  )
})

describe('the proxy of the environment', () => {
  const proxy = 'http://proxy:3128'
  const server = 'https://k8s.example.com:6443'
  it.each<[string, string, Machine['variables'], string | undefined]>([
    ['is taken', server, { https_proxy: proxy }, proxy],
    ['in capital letters too', server, { HTTPS_PROXY: proxy }, proxy],
    ['without its scheme', server, { https_proxy: 'proxy:3128' }, proxy],
    ['not when it is for http', server, { http_proxy: proxy }, undefined],
    ['for http', 'http://k8s.example.com', { http_proxy: proxy }, proxy],
    ['not for this machine itself', 'https://127.0.0.1:6443', { https_proxy: proxy }, undefined],
    ['not for this machine itself, IPv6', 'https://[::1]:6443', { https_proxy: proxy }, undefined],
    ['not when there is an exception for all', server, { https_proxy: proxy, no_proxy: 'a, *' }, undefined],
    ['not for the domain', server, { https_proxy: proxy, no_proxy: 'example.com' }, undefined],
    ['not for what is below the domain', server, { https_proxy: proxy, NO_PROXY: '.example.com' }, undefined],
    ['for another domain that ends alike', server, { https_proxy: proxy, no_proxy: 'ample.com' }, proxy],
    ['not for the port', server, { https_proxy: proxy, no_proxy: 'example.com:6443' }, undefined],
    ['for another port', server, { https_proxy: proxy, no_proxy: 'example.com:443' }, proxy],
    ['not for the address', 'https://10.1.2.3', { https_proxy: proxy, no_proxy: '10.1.2.3' }, undefined],
    ['not for the range', 'https://10.1.2.3', { https_proxy: proxy, no_proxy: '10.0.0.0/8' }, undefined],
    [
      'for what is outside the range',
      'https://11.1.2.3',
      { https_proxy: proxy, no_proxy: '10.0.0.0/8' },
      proxy
    ],
    ['not for the IPv6 range', 'https://[fd00::1]', { https_proxy: proxy, no_proxy: 'fd00::/8' }, undefined],
    [
      'whatever is wrong in the exceptions',
      server,
      { https_proxy: proxy, no_proxy: ',:,/x,10.0.0.0/999' },
      proxy
    ]
  ])('%s', (_, url, variables, expected) => {
    const text = kubeconfig('a', { clusters: [{ name: 'a', cluster: { server: url } }] })
    const { config } = connect(options({ kubeconfig: text }), machine({}, variables))
    expect(config.getCurrentCluster()?.proxyUrl).toBe(expected)
  })

  it('gives way to that of the kubeconfig', () => {
    const cluster = { server, 'proxy-url': 'socks5://other:1080' }
    const text = kubeconfig('a', { clusters: [{ name: 'a', cluster }] })
    const { config } = connect(options({ kubeconfig: text }), machine({}, { https_proxy: proxy }))
    expect(config.getCurrentCluster()?.proxyUrl).toBe('socks5://other:1080')
  })
})

describe('the identity of a cluster', () => {
  const identity = (cluster: object, more: Partial<ConnectOptions> = {}, ca = 'eu'): string => {
    const text = kubeconfig('a', { clusters: [{ name: 'a', cluster }] })
    return connect(options({ kubeconfig: text, ...more }), machine({ '/ca.crt': ca })).identity
  }
  const local = { server: 'https://127.0.0.1:6443' }
  it.each([
    ['address', { server: 'https://us.example.com' }, {}],
    ['certificate', { ...local, 'certificate-authority-data': 'dXM=' }, {}],
    ['name in TLS', { ...local, 'tls-server-name': 'us' }, {}],
    ['context', local, { context: 'a' }]
  ])('is another one with another %s', (_, cluster, more) => {
    expect(identity(cluster, more)).not.toBe(identity(local))
  })

  it('is another one with another certificate in a file of the same name', () => {
    const cluster = { ...local, 'certificate-authority': '/ca.crt' }
    expect(identity(cluster, {}, 'us')).not.toBe(identity(cluster))
    expect(identity(cluster)).toBe(identity({ ...local, 'certificate-authority-data': 'ZXU=' }))
  })

  it('is the same whatever the credentials are, and tells nothing', () => {
    expect(identity({ server: 'https://127.0.0.1:6443/' })).toBe(identity(local))
    expect(identity(local)).toMatch(/^[0-9a-f]{12}$/)
  })
})
