import { expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { connect } from '../../../src/kubernetes/api/connect.ts'
import { maskKubeconfig, maskSecret } from '../../../src/report/masking.ts'

function masked(text: string): readonly string[] {
  const secrets: string[] = []
  maskKubeconfig(text, (secret) => secrets.push(secret))
  return secrets
}

const key = [
  '-----BEGIN RSA PRIVATE KEY-----',
  'MIIEowIBAAKCAQEA1',
  'c2VjcmV0a2V5',
  'x==',
  '-----END RSA PRIVATE KEY-----'
].join('\n')
const keyData = Buffer.from(key).toString('base64')

const kubeconfig = `
apiVersion: v1
kind: Config
current-context: prod
clusters:
  - name: prod
    cluster:
      server: https://api.example.com:6443
      proxy-url: http://me:proxy%21word@proxy.example.com:3128
      certificate-authority-data: bm90IGEgc2VjcmV0
users:
  - name: everything
    user:
      username: admin
      password: 0123
      token: the-token
      tokenFile: /var/run/token
      client-certificate-data: Y2VydGlmaWNhdGU=
      client-key-data: ${keyData}
  - name: plugin
    user:
      exec:
        command: aws
        args: [eks, get-token, --cluster-name, prod, --client-secret, from-args, --token=attached]
        env:
          - { name: AWS_PROFILE, value: production }
          - { name: AWS_SECRET_ACCESS_KEY, value: from-env }
          - name: VAULT_TOKEN
            value: |
              first line of it
              second
              third line of it
  - name: legacy
    user:
      auth-provider:
        name: oidc
        config: { client-id: greenlight, id-token: the.id.token, refresh-token: refresh, client-secret: shh }
`

test('every secret of a kubeconfig is masked, and nothing else', () => {
  expect(masked(kubeconfig).toSorted()).toEqual(
    [
      ...['0123', 'the-token', keyData, 'MIIEowIBAAKCAQEA1', 'c2VjcmV0a2V5', 'proxy%21word', 'proxy!word'],
      ...['from-args', 'attached', 'from-env', 'first line of it', 'third line of it'],
      ...['the.id.token', 'refresh', 'shh']
    ].toSorted()
  )
})

test('so are those of files that were merged', () => {
  const contexts = [{ name: 'prod', context: { cluster: 'prod', user: 'everything' } }]
  // Without quotes a password of digits is a number to whoever reads the file.
  const second = kubeconfig.replace('0123', "'0123'")
  const files: Readonly<Record<string, string>> = {
    '/first': JSON.stringify({ clusters: [], contexts }),
    '/second': second
  }
  const machine = {
    variables: { KUBECONFIG: '/first:/second' },
    home: '/',
    read: (path: string) => files[path]
  }
  const { config } = connect({ kubeconfig: undefined, context: 'prod', namespace: undefined }, machine)
  expect(masked(config.exportConfig()).toSorted()).toEqual(masked(second).toSorted())
})

test('nothing warns of what is strange in it, and quotes it', () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  masked('users:\n- user:\n    password: !Passw0rd\n? [!Passw0rd y]\n: z')
  const { calls } = warn.mock
  warn.mockRestore()
  expect(calls).toEqual([])
})

test('a user without credentials has none to mask', () => {
  expect(masked('{"users":[{"name":"a","user":{"token":null,"password":null}}]}')).toEqual([])
})

test('a secret of several lines is masked as its lines', () => {
  const secrets: string[] = []
  maskSecret(`${key}\n`, (secret) => secrets.push(secret))
  expect(secrets).toEqual(['MIIEowIBAAKCAQEA1', 'c2VjcmV0a2V5'])
})

test('a kubeconfig in JSON is one too', () => {
  expect(masked('{"users":[{"user":{"token":"abc"}}]}')).toEqual(['abc'])
})

test.each([
  ['broken YAML', 'users: [\n  token: abcdefgh\n short', ['users: [', 'token: abcdefgh', 'abcdefgh']],
  ['no mapping', 'YXBpVmVyc2lvbjogdjE=\nshort\n', ['YXBpVmVyc2lvbjogdjE=']],
  ['nothing', '', []]
])('%s is masked line by line', (_name, text, expected) => {
  expect(masked(text)).toEqual(expected)
})

test('no text makes it throw, and no empty secret is registered', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), fc.constantFrom('a: &a [*a]', 'proxy-url: http://a:%zz@b')),
      (text) => {
        expect(masked(text).filter((secret) => secret.trim() === '')).toEqual([])
      }
    )
  )
})
