import { expect, it } from '@jest/globals'
import { messageOf } from '../../../../src/base/errors.ts'
import { connect } from '../../../../src/kubernetes/api/connect.ts'
import { createCredentials } from '../../../../src/kubernetes/api/credentials.ts'
import { maskKubeconfig } from '../../../../src/report/masking.ts'

const SECRET = 'hunter2-Sup3rS3cret'

const good = `apiVersion: v1
kind: Config
current-context: a
clusters:
- name: a
  cluster:
    server: https://a.example.com
users:
- name: a
  user:
    token: t
contexts:
- name: a
  context: {cluster: a, user: a}
`
const ofUser = (lines: string): string => good.replace('token: t', lines)
const ofCluster = (line: string): string => good.replace('    server:', `    ${line}\n    server:`)

async function complaintOf(kubeconfig: string): Promise<string> {
  try {
    const { config } = connect({ kubeconfig, context: undefined, namespace: undefined })
    await createCredentials(config, () => undefined).access()
    return ''
  } catch (error) {
    return messageOf(error)
  }
}

it('is taken as it should be', async () => {
  expect(await complaintOf(good)).toBe('')
  expect(await complaintOf(ofUser('token: t\n    exec: null\n    username:'))).toBe('')
  expect(await complaintOf(ofUser('password: 0123\n    username: me'))).toBe('')
  expect(await complaintOf(good.replace('    token: t', '    <<: &x {token: t}'))).toBe('')
})

it.each([
  ['an alias in place of a password', ofUser(`password: *${SECRET}`), 'at its line 11'],
  ['an alias that is merged', ofUser(`<<: *${SECRET}`), 'at its line 11'],
  ['a text that is merged', ofUser(`<<: ${SECRET}`), 'an alias'],
  ['a list that is merged', ofUser(`<<: [${SECRET}]`), 'an alias'],
  ['an alias to itself', ofUser(`token: &t [*t, ${SECRET}]`), 'an alias'],
  ['a key twice', ofUser(`token: ${SECRET}\n    token: ${SECRET}`), 'no YAML at its line 12'],
  ['a tab', good.replace('    token: t', `\ttoken: ${SECRET}`), 'no YAML at its line 11'],
  ['a tag', ofUser(`token: !${SECRET}`), 'no YAML at its line 11'],
  ['a block with words behind its mark', ofUser(`token: |${SECRET}\n      a`), 'no YAML at its line 11'],
  ['an open quote', ofUser(`token: "${SECRET}`), 'no YAML at its line'],
  ['a forbidden first character', ofUser(`token: %${SECRET}`), 'no YAML at its line 11'],
  ['another one', ofUser(`token: @${SECRET}`), 'no YAML at its line 11'],
  ['a wrong escape', ofUser(`token: "\\q${SECRET}"`), 'no YAML at its line 11'],
  ['an open brace', ofUser(`token: {${SECRET}`), 'no YAML at its line'],
  ['two colons', ofUser(`token: a: ${SECRET}`), 'no YAML at its line 11'],
  ['JSON that ends early', `{"clusters": [], "users": [{"token": "${SECRET}"`, 'no YAML at its line 1'],
  ['JSON without quotes', `{\n"clusters": [], "users": ${SECRET}, "contexts":[`, 'no YAML at its line'],
  ['JSON of another kind', `{"clusters": "${SECRET}"}`, 'it has no list of clusters'],
  ['a list for a token', ofUser(`token: [${SECRET}]`), 'users[0].user.token is no text'],
  ['no base64', ofUser(`client-key-data: "${SECRET}"`), 'users[0].user.client-key-data is no base64'],
  ['no base64 of a certificate', ofCluster(`certificate-authority-data: ${SECRET}`), 'is no base64'],
  ['a mapping for a path', ofUser(`client-key: {a: ${SECRET}}`), 'users[0].user.client-key is no text'],
  ['a key where its path belongs', ofUser(`client-key: ${SECRET}`), 'cannot be read (ENOENT)'],
  ['a token where its path belongs', ofUser(`token-file: ${SECRET}`), 'cannot be read (ENOENT)'],
  ['a text for a plugin', ofUser(`exec: ${SECRET}`), 'users[0].user.exec is no mapping'],
  ['a text for its arguments', ofUser(`exec: {command: a, args: ${SECRET}}`), 'exec.args is no list'],
  ['a mapping for its environment', ofUser(`exec: {command: a, env: {A: ${SECRET}}}`), 'exec.env is no list'],
  ['an answer of it that is no JSON', ofUser(`exec: {command: echo, args: [${SECRET}]}`), 'in JSON'],
  ['a text for a login', ofUser(`auth-provider: {name: oidc, config: ${SECRET}}`), 'config is no mapping'],
  ['a text for a user', good.replace('    token: t', `    ${SECRET}`), 'users[0].user is no mapping'],
  ['a broken proxy', ofCluster(`proxy-url: "http://me:${SECRET}@ x"`), 'cluster.proxy-url is no URL'],
  ['too deep a nesting', `${'['.repeat(100_000)}${SECRET}`, 'no YAML at its line 1']
])('with %s is a fault that names line or field, and nothing of its text', async (_, text, words) => {
  const complaint = await complaintOf(text)
  expect(complaint).toContain(words)
  expect(complaint).not.toContain(SECRET)
})

it('masks passwords of one that cannot be read by themselves too', () => {
  const masked: string[] = []
  maskKubeconfig(ofUser(`password: *${SECRET}`), (secret) => masked.push(secret))
  expect(masked).toContain(SECRET)
})
