import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { admin, createNamespace, deleteNamespace } from '../support/cluster/real-cluster.ts'

const SCRIPT = 'examples/setup/kubeconfig.sh'

/** What kubectl answers whoever has this kubeconfig. */
function kubectl(kubeconfig: string, ...args: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'kubeconfig-')), 'config')
  writeFileSync(file, kubeconfig)
  const { stdout, stderr } = spawnSync('kubectl', ['--kubeconfig', file, ...args], { encoding: 'utf8' })
  return (stdout + stderr).trim()
}

const asAdmin = (...args: readonly string[]): string =>
  execFileSync('kubectl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()

describe('kubeconfig.sh on a real API server', () => {
  let namespace = ''
  beforeAll(async () => {
    namespace = `kubeconfig-${Date.now().toString(36)}`
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  })
  afterAll(() => deleteNamespace(namespace))

  it('prints what the cluster takes, with the rights of the files and no others', () => {
    const route = 'examples/kubernetes/role-httproute.yaml'
    const { status, stdout, stderr } = spawnSync(
      SCRIPT,
      [namespace, 'examples/kubernetes/role.yaml', route],
      {
        encoding: 'utf8',
        env: { ...process.env, DAYS: '1' }
      }
    )
    expect({ status, stderr }).toMatchObject({ status: 0 })
    const allowed = (...args: readonly string[]): string => kubectl(stdout, 'auth', 'can-i', ...args)
    expect(kubectl(stdout, 'auth', 'whoami', '--output', 'jsonpath={.status.userInfo.username}')).toBe(
      `system:serviceaccount:${namespace}:greenlight`
    )
    expect(allowed('patch', 'services')).toBe('yes')
    expect(allowed('patch', 'httproutes.gateway.networking.k8s.io')).toBe('yes')
    expect(allowed('get', 'secrets')).toBe('no')
    expect(allowed('patch', 'services', '--namespace', 'default')).toBe('no')
  })

  it('prints nothing for a namespace that does not exist', () => {
    const { status, stdout, stderr } = spawnSync(SCRIPT, [`${namespace}-absent`], { encoding: 'utf8' })
    expect({ failed: status !== 0, stdout }).toEqual({ failed: true, stdout: '' })
    expect(stderr).toContain(`namespaces "${namespace}-absent" not found`)
  })
})

describe('the Roles of the examples', () => {
  let namespace = ''
  beforeAll(async () => {
    namespace = await createNamespace(['httproute'])
  })
  afterAll(() => deleteNamespace(namespace))

  it('are for whoever a cloud puts into the group greenlight, and for no other group', () => {
    const allowed = (group: string): string =>
      spawnSync(
        'kubectl',
        [
          ...['auth', 'can-i', 'patch', 'httproutes.gateway.networking.k8s.io', '--namespace', namespace],
          ...['--as', 'arn:aws:sts::111122223333:assumed-role/greenlight/ci', '--as-group', group]
        ],
        { encoding: 'utf8' }
      ).stdout.trim()
    expect([allowed('greenlight'), allowed('others')]).toEqual(['yes', 'no'])
  })

  it('are applied by kubectl apply --kustomize as well', () => {
    expect(asAdmin('kustomize', 'examples/kubernetes')).toContain('name: greenlight')
    const applied = asAdmin(
      'apply',
      '--namespace',
      namespace,
      '--kustomize',
      'examples/kubernetes',
      '--dry-run=server'
    )
    expect(applied.split('\n').filter((line) => line.includes('greenlight'))).toHaveLength(3)
  })
})
