import { describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../src/base/errors.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { headline } from '../../src/report/headline.ts'
import { outcomeJson } from '../../src/report/outputs.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { putAnalysis, putRevision, putRollout } from '../support/memory/rollout-objects.ts'
import { blueGreen, canary, NEW, OLD, template, type RolloutObject } from '../support/rollouts.ts'
import { openScene, workload, type Run, type RunOptions, type Scene } from './scene.ts'

/** What status says of a workload that Argo Rollouts releases. */

const runOf = (scene: Scene, options: RunOptions = {}): Run =>
  scene.run({ ...options, inputs: { command: 'status', workload: 'rollout/web', ...options.inputs } })

async function openRollout(rollout: RolloutObject): Promise<Scene> {
  const scene = await openScene([])
  const owner = putRollout(scene.cluster, rollout)
  putRevision(scene.cluster, owner, { hash: OLD, revision: 1, template: template('shop/web:1') })
  const isReleasing = (rollout.status as { currentPodHash?: string }).currentPodHash === NEW
  if (isReleasing)
    putRevision(scene.cluster, owner, { hash: NEW, revision: 2, template: template('shop/web:2') })
  putAnalysis(scene.cluster, owner, {
    name: `web-${NEW}-2-0`,
    labels: { 'rollouts-pod-template-hash': NEW, 'rollout-type': 'Step', 'step-index': '0' },
    status: {
      phase: 'Successful',
      metricResults: [
        {
          name: 'success-rate',
          phase: 'Successful',
          measurements: [
            { phase: 'Successful', value: '[0.99]' },
            { phase: 'Failed', value: '[0.91]' }
          ]
        },
        { name: 'latency', phase: 'Error', message: 'no route to host', measurements: null }
      ]
    }
  })
  return scene
}

/** The verdict without the marks that make words bold. */
const told = (outcome: Outcome): string => headline(outcome).replaceAll(/\*\*|`/g, '')

async function ask(scene: Scene): Promise<{ outcome: Outcome; log: string; summary: string }> {
  const lines: string[] = []
  const outcome = await runOf(scene, { quote: (text) => lines.push(text) }).obey()
  return { outcome, log: lines.join('\n'), summary: renderSummary(outcome) }
}

describe('status of a Rollout', () => {
  it('that waits at a gate tells step, shares, versions and what Argo Rollouts has measured', async () => {
    const { outcome, log, summary } = await ask(await openRollout(canary()))
    expect(told(outcome)).toBe(
      '⏳ web: shop/web:1 serves 90% of the requests and shop/web:2 has 10% of the requests, in a release that waits for a yes'
    )
    expect(log.split('\n')).toEqual([
      'rollout/web: at step 2 of 4, 10% of the traffic on the new version, waits for a yes: a pause without a duration',
      'step: 10% of the traffic',
      'step: pauses until somebody says yes',
      'step: 50% of the traffic',
      'step: pauses for 5m',
      'step: 100% of the traffic',
      `analysis  web-${NEW}-2-0  in step 1  success-rate  Successful  [0.99] ✓, [0.91] ✗`,
      `analysis  web-${NEW}-2-0  in step 1  latency  Error  no route to host`,
      '-  2026-11-03 14:00  waits for approval  shop/web:2  web, revision 2',
      '-  2026-11-03 14:00  serves  shop/web:1  web, revision 1'
    ])
    expect(summary).toContain('### Analyses of Argo Rollouts')
    expect(summary).toContain(`| \`web-${NEW}-2-0\` | in step 1 | \`success-rate\` | Successful |`)
    expect(summary).toContain('`traefikservice/web, service/web-stable` in `shop`')
    expect(JSON.parse(outcomeJson(outcome))).toMatchObject({
      result: 'unchanged',
      serving: { slot: 'stable', deployment: 'web', hash: OLD },
      canary: { slot: 'canary', hash: NEW },
      weight: 10,
      driven: {
        by: 'Argo Rollouts',
        object: 'rollout/web',
        state: { at: 'gate', gate: 'pause', step: 2, of: 4, weight: { now: 10, wanted: 10 } },
        analyses: [{ metrics: [{ measurements: [{ value: '[0.99]' }, { value: '[0.91]' }] }, {}] }]
      }
    })
  })

  it('at rest tells what serves, and of no analysis of another version', async () => {
    const { outcome, log } = await ask(await openRollout(blueGreen()))
    expect(told(outcome)).toBe('✅ web: shop/web:1 serves all traffic')
    expect(log).toMatch(/^rollout\/web: nothing is being released$/m)
    expect(log).not.toContain('analysis')
    expect(outcome).toMatchObject({ route: 'service/web', weight: 0, ready: 3 })
  })

  it('that has switched and is not done says who serves', async () => {
    const object = blueGreen()
    const blueGreenStatus = { activeSelector: NEW, previewSelector: NEW }
    const message = 'waiting for analysis to complete'
    const status = { ...(object.status as object), currentPodHash: NEW, phase: 'Progressing', message }
    const scene = await openRollout({ ...object, status: { ...status, blueGreen: blueGreenStatus } })
    expect(told((await ask(scene)).outcome)).toBe(
      '⏳ web: shop/web:2 serves all traffic, in the middle of a release'
    )
  })

  it('that was aborted is told with the reason', async () => {
    const message = 'RolloutAborted: Rollout aborted update to revision 2: metric "success-rate" failed'
    const status = { phase: 'Degraded', abort: true, message, pauseConditions: null, canary: {} }
    const { outcome, log } = await ask(await openRollout(canary({}, {}, status)))
    expect(told(outcome)).toBe('⚠️ web: shop/web:1 serves all traffic, after a release that failed')
    expect(log).toContain(`aborted, 0% of the traffic is on the new version: ${message}`)
  })

  it('whose controller has not seen the last change is not called healthy', async () => {
    const scene = await openRollout(blueGreen())
    const ref = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', namespace: 'shop', name: 'web' }
    scene.cluster.patch(ref, [{ op: 'replace', path: '/spec/replicas', value: 4 }])
    expect((await ask(scene)).log).toContain(
      'rollout/web: the last change is not taken up yet: its controller has seen generation 1 and not yet 2'
    )
  })
})

describe('a Rollout that cannot be read', () => {
  const reasonOf = async (scene: Scene, options: RunOptions = {}): Promise<string> => {
    const { result, reason } = await runOf(scene, options).obey()
    expect(result).toBe('failed')
    return reason
  }

  it('does not exist: what is there is named', async () => {
    const scene = await openRollout(blueGreen())
    expect(await reasonOf(scene, { inputs: { workload: 'rollout/wbe' } })).toBe(
      'workload: rollout/wbe does not exist in namespace shop; there are web — for example: workload: rollout/web'
    )
    const deployments = await openScene([workload()])
    expect(await reasonOf(deployments)).toBe(
      'workload: rollout/web does not exist in namespace shop; there is no Rollout at all, and a Deployment web — for example: workload: deployment/web'
    )
  })

  it('is of a kind that the cluster does not know', async () => {
    const message = 'the cluster has no kind Rollout in argoproj.io/v1alpha1; is its CRD installed?'
    const before = ({ kind }: { kind: string }) => {
      if (kind === 'Rollout') throw new ClusterError(message, 404)
    }
    expect(await reasonOf(await openScene([]), { before })).toBe(
      `workload: Argo Rollouts is not installed in this cluster: ${message} — for example: workload: deployment/web`
    )
  })

  it('takes rights that are missing: all are named at once', async () => {
    const scene = await openRollout(blueGreen())
    scene.cluster.listsRules = false
    scene.cluster.isDenied = ({ group }) => group === 'argoproj.io'
    const before = ({ kind }: { kind: string }) => {
      if (kind === 'Rollout') throw new ClusterError('forbidden', 403)
    }
    const reason = await reasonOf(scene, { before })
    expect(reason).toContain('{apiGroups: ["argoproj.io"], resources: ["rollouts"], verbs: ["get"]}')
    expect(reason).toContain('{apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["list"]}')
  })
})
