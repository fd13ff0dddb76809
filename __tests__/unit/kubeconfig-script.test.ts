import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'

const SCRIPT = 'examples/setup/kubeconfig.sh'

interface Cluster {
  readonly server?: string
  readonly 'certificate-authority-data'?: string
  readonly 'tls-server-name'?: string
  readonly 'proxy-url'?: string
  /** How long the tokens last that it gives, whatever is asked for. */
  readonly hours?: number
}

interface Played {
  readonly status: number | null
  readonly stdout: string
  readonly warnings: readonly string[]
  /** What kubectl was asked to do. */
  readonly asked: readonly string[]
}

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function tokenFor(hours: number): string {
  const now = Math.floor(Date.now() / 1000)
  // A name outside of ASCII, so that the characters in which base64url differs come up.
  const claims = { aud: ['¿?>~', 'üÿ'], exp: now + hours * 3600, iat: now, sub: 'system:serviceaccount' }
  return `${base64url({ alg: 'RS256' })}.${base64url(claims)}.c2lnbmF0dXJl`
}

/** A kubectl that notes what it is asked, knows this cluster and gives a token of it. */
function kubectlFor({ hours = 2160, ...cluster }: Cluster): string {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-'))
  const fields = Object.entries(cluster).map(([name, value]) => `  *"['${name}']"*) printf %s '${value}' ;;`)
  const lines = [
    '#!/bin/sh',
    `echo "$*" >>'${folder}/asked'`,
    'case "$*" in',
    ...fields,
    `  'create token '*) printf %s '${tokenFor(hours)}' ;;`,
    '  apply*missing*) echo "error: no such file" >&2; exit 1 ;;',
    '  apply*) echo created ;;',
    'esac'
  ]
  writeFileSync(join(folder, 'kubectl'), lines.join('\n'))
  writeFileSync(join(folder, 'asked'), '')
  chmodSync(join(folder, 'kubectl'), 0o755)
  return folder
}

function play(
  cluster: Cluster,
  args: readonly string[] = ['shop'],
  env: Record<string, string> = {}
): Played {
  const folder = kubectlFor(cluster)
  const { status, stdout, stderr } = spawnSync(SCRIPT, args, {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH ?? ''}`, ...env }
  })
  const warnings = stderr.split('\n').filter((line) => line.startsWith('kubeconfig.sh: '))
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')
  return { status, stdout, warnings, asked }
}

const PUBLIC = { server: 'https://k8s.example.com:6443', 'certificate-authority-data': 'Q0E=' }

describe('kubeconfig.sh', () => {
  it('prints a kubeconfig for the ServiceAccount in the namespace, and nothing else', () => {
    const { status, stdout, warnings } = play({ ...PUBLIC, 'tls-server-name': 'k8s' }, ['123'])
    expect(status).toBe(0)
    expect(warnings).toEqual([])
    expect(parse(stdout)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': '123',
      contexts: [{ name: '123', context: { cluster: '123', user: 'greenlight', namespace: '123' } }],
      clusters: [
        {
          name: '123',
          cluster: {
            server: 'https://k8s.example.com:6443',
            'certificate-authority-data': 'Q0E=',
            'tls-server-name': 'k8s'
          }
        }
      ],
      users: [{ name: 'greenlight', user: { token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) } }]
    })
  })

  it('applies role.yaml, or the files that are named, before it asks for the token', () => {
    expect(play(PUBLIC).asked.filter((line) => /^(?:apply|create)/.test(line))).toEqual([
      'apply --namespace shop --filename examples/setup/../kubernetes/role.yaml',
      'create token greenlight --namespace shop --duration 2160h'
    ])
    const { asked } = play(PUBLIC, ['shop', 'a.yaml', 'https://example.com/b.yaml'], {
      DAYS: '7',
      ACCOUNT: 'planner'
    })
    expect(asked.filter((line) => /^(?:apply|create)/.test(line))).toEqual([
      'apply --namespace shop --filename a.yaml',
      'apply --namespace shop --filename https://example.com/b.yaml',
      'create token planner --namespace shop --duration 168h'
    ])
  })

  it('prints nothing when a file cannot be applied', () => {
    expect(play(PUBLIC, ['shop', 'missing.yaml'])).toMatchObject({ status: 1, stdout: '' })
  })

  it.each([[], ['--help'], ['-h']])('tells how it is used when it is called with %j', (...args) => {
    expect(play(PUBLIC, args)).toMatchObject({ status: 2, stdout: '', asked: [''] })
  })

  it.each(['', '90d', '-1', '1.5'])('refuses DAYS=%j before it changes anything', (days) => {
    const { status, asked } = play(PUBLIC, ['shop'], { DAYS: days })
    // An empty one is none.
    expect([status, asked.length > 1]).toEqual(days === '' ? [0, true] : [2, false])
  })

  it.each([
    ['https://localhost:6443', 'only this machine reaches'],
    ['https://127.0.0.1:41237', 'only this machine reaches'],
    ['https://[::1]:6443', 'only this machine reaches'],
    ['https://kubernetes.docker.internal:6443', 'only this machine reaches'],
    ['https://10.0.0.1', 'only its own network reaches'],
    ['https://172.31.0.1/k8s', 'only its own network reaches'],
    ['https://192.168.49.2:8443', 'only its own network reaches']
  ])('warns of the server %s: %s', (server, words) => {
    const { status, stdout, warnings } = play({ ...PUBLIC, server })
    expect(status).toBe(0)
    expect(warnings).toEqual([expect.stringContaining(`the server is ${server}, which ${words}`)])
    expect(parse(stdout)).toMatchObject({ clusters: [{ cluster: { server } }] })
  })

  it.each([
    'https://172.32.0.1',
    'https://100.64.0.1',
    'https://localhost.example.com',
    'https://[2001:db8::1]:6443'
  ])('does not warn of the server %s', (server) => {
    expect(play({ ...PUBLIC, server }).warnings).toEqual([])
  })

  it('warns when there is no certificate authority', () => {
    const { stdout, warnings } = play({ server: PUBLIC.server })
    expect(warnings).toEqual([
      expect.stringContaining('no certificate authority for https://k8s.example.com:6443')
    ])
    expect(parse(stdout)).toMatchObject({ clusters: [{ cluster: { server: PUBLIC.server } }] })
  })

  it('warns when the cluster gives a shorter token than was asked for', () => {
    expect(play({ ...PUBLIC, hours: 24 }).warnings).toEqual([
      expect.stringContaining('the cluster gave a token for 24 hours, not the 90 days asked for')
    ])
    expect(play({ ...PUBLIC, hours: 24 }, ['shop'], { DAYS: '1' }).warnings).toEqual([])
  })

  it('warns of a proxy that is not taken over', () => {
    const { stdout, warnings } = play({ ...PUBLIC, 'proxy-url': 'http://proxy:3128' })
    expect(warnings).toEqual([expect.stringContaining('proxy-url')])
    expect(stdout).not.toContain('proxy')
  })
})
