import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, it } from '@jest/globals'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveStage } from '../support/cluster/live-scene.ts'
import { getDeployment, image } from '../support/cluster/workload.ts'

playLiveScenes()

const FILES = ['role.yaml', 'plan-only.yaml'].map((file) => `examples/kubernetes/${file}`)

// The policy is of no namespace.
afterAll(() => {
  const policies = ['validatingadmissionpolicybindings', 'validatingadmissionpolicies']
  for (const kind of policies) spawnSync('kubectl', ['delete', kind, 'greenlight-plan', '--ignore-not-found'])
})

/** The kubeconfig of the account that may only plan, as docs/approval.md has it made. */
const planKubeconfig = (namespace: string): string =>
  execFileSync('examples/setup/kubeconfig.sh', [namespace, ...FILES], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ACCOUNT: 'greenlight-plan', DAYS: '1' }
  })

/** What kubectl is told when that account annotates the Service. */
function annotate(kubeconfig: string, ...args: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'plan-only-')), 'config')
  writeFileSync(file, kubeconfig)
  const command = ['annotate', 'service', 'web', 'a=b', '--overwrite', '--kubeconfig', file, ...args]
  return spawnSync('kubectl', command, { encoding: 'utf8' }).stderr
}

/** The API server knows a new policy after some moments. */
async function untilInForce(kubeconfig: string): Promise<string> {
  for (let left = 150; left > 0; left -= 1) {
    const refused = annotate(kubeconfig)
    if (refused !== '') return refused
    await sleep(200)
  }
  throw new Error('the policy is not in force after 30 s')
}

it('the account of plan-only.yaml plans a release, and can do none of it', async () => {
  const { namespace, run } = await openLiveStage()
  const kubeconfig = planKubeconfig(namespace)
  expect(await untilInForce(kubeconfig)).toContain('this account may only plan, not change anything')
  expect(annotate(kubeconfig, '--dry-run=server')).toBe('')

  const inputs = { kubeconfig, images: image(2), 'smoke-tests': 'GET /health -> 200' }
  const planned = await run({ ...inputs, command: 'plan' })
  expect(planned.outputs).toMatchObject({ result: 'planned', reason: '' })
  expect(planned.summary).toContain('would be released')

  const released = await run(inputs)
  expect(released.outputs).toMatchObject({ result: 'failed' })
  expect(released.outputs.reason).toContain('this account may only plan, not change anything')
  await expect(getDeployment(namespace, 'web-green')).rejects.toThrow()
})
