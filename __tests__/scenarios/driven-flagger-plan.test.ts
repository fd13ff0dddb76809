import { describe, expect, it } from '@jest/globals'
import { renderSummary } from '../../src/report/summary.ts'
import { canaryOf, hook } from '../support/canaries.ts'
import { openFlagger } from './driven-flagger-scene.ts'

/** What plan and status say of a Canary of Flagger. */

describe('a plan', () => {
  it('shows the image, every step, and changes nothing', async () => {
    const metrics = [{ name: 'request-success-rate', thresholdRange: { min: 99 } }]
    const webhooks = [hook('confirm-traffic-increase'), hook('confirm-promotion'), hook('rollback')]
    const scene = await openFlagger(canaryOf({ stepWeight: 20, metrics, webhooks }))
    const before = scene.cluster.everything().length
    const inputs = { 'smoke-tests': 'GET /health -> 200' }
    const outcome = await scene.drive('plan', { inputs }).ended
    expect(outcome).toMatchObject({
      result: 'planned',
      warnings: [],
      route: 'traefikservice/web, service/web'
    })
    expect(outcome.plan?.steps).toEqual([
      'Note the release of canary/web',
      'Bring the new version to canary/web',
      'Wait until pods of the new version are ready',
      'Run 1 smoke test on every new pod',
      'Watch while Flagger moves the users',
      'Flagger: starts the pods of deployment/web',
      'Flagger: every 10s: looks at request-success-rate, and takes it back after 2 bad looks',
      'Flagger: waits until somebody says yes (webhook confirm-traffic-increase)',
      'Flagger: 20% of the traffic',
      'Flagger: 40% of the traffic',
      'Flagger: 60% of the traffic',
      'Flagger: waits until somebody says yes (webhook confirm-promotion)',
      'Flagger: copies the template to deployment/web-primary, whose pods are replaced',
      'Flagger: 100% of the traffic: from the copy on nobody can take it back but by a release of its own',
      'Finish the release'
    ])
    expect(outcome.plan?.changes).toMatchObject([{ object: 'Deployment web', state: 'changed' }])
    expect(scene.cluster.everything()).toHaveLength(before)
    expect(scene.flagger.gates.asked).toEqual([])
  })

  it('says who cannot say no, and who would come before the tests', async () => {
    const scene = await openFlagger()
    const outcome = await scene.drive('plan', { inputs: { 'smoke-tests': 'GET /health -> 200' } }).ended
    expect(outcome.warnings).toEqual([
      expect.stringMatching(
        /^nobody can veto canary\/web: it has no webhook of type rollback\. .* \{type: rollback, name: rollback, url: http:\/\/flagger-loadtester\.shop\/rollback\/check\} it takes the version back itself$/
      ),
      expect.stringMatching(
        /^the smoke tests run while up to 50% of the users are on the new version already: .* \{type: confirm-traffic-increase,/
      )
    ])
  })

  it('takes a load before the first users, whoever can say no, and refuses one that would meet them', async () => {
    const inputs = { 'smoke-tests': 'GET / at 5/s for 10s -> 200' }
    const gated = await openFlagger(
      canaryOf({ stepWeight: 20, webhooks: [hook('confirm-traffic-increase')] })
    )
    const outcome = await gated.drive('plan', { inputs }).ended
    expect(outcome.warnings).toEqual([expect.stringMatching(/^nobody can veto canary\/web: /)])
    const open = await openFlagger(canaryOf({ stepWeight: 20 }))
    await expect(open.drive('plan', { inputs }).ended).rejects.toThrow(
      /is a load for pods without users, .* the smoke tests run while up to 20% of the users are on the new version/
    )
  })

  it('needs the right to call the load tester', async () => {
    const scene = await openFlagger(canaryOf({ webhooks: [hook('rollback')] }))
    scene.cluster.listsRules = false
    scene.cluster.isDenied = ({ resource, subresource }) => resource === 'services' && subresource === 'proxy'
    await expect(scene.drive('plan').ended).rejects.toThrow(
      'cannot create services/proxy in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["services/proxy"], resourceNames: ["flagger-loadtester:80"], verbs: ["create"]}, or apply examples/kubernetes/role-canary.yaml there'
    )
  })
})

describe('status', () => {
  it('tells the share, what Flagger has said, and the versions', async () => {
    const metrics = [{ name: 'request-success-rate', thresholdRange: { min: 99 } }]
    const scene = await openFlagger(canaryOf({ threshold: 5, metrics, webhooks: [hook('rollback')] }))
    scene.flagger.bad = () => 'Halt web.shop advancement success rate 87.50% < 99%'
    scene.setImage(2)
    await scene.until(() => scene.status().failedChecks === 2)
    const outcome = await scene.drive('status').ended
    expect(outcome).toMatchObject({
      ...{
        result: 'unchanged',
        weight: 50,
        serving: { images: ['shop/web:1'] },
        canary: { images: ['shop/web:2'] }
      },
      driven: {
        state: { at: 'moving', what: 'Flagger looks every 10s, 2 of 5 failed checks' },
        analyses: [
          {
            ...{ name: 'web', when: 'every 10s', phase: 'Running' },
            metrics: [
              {
                ...{ name: 'request-success-rate', phase: 'Failed' },
                measurements: [{ value: '87.50%' }, { value: '87.50%' }]
              }
            ]
          }
        ]
      }
    })
    expect(outcome.versions?.map(({ images, serves }) => `${images.join()} ${String(serves)}`)).toEqual([
      'shop/web:2 false',
      'shop/web:1 true'
    ])
    expect(renderSummary(outcome)).toContain('Halt web.shop advancement success rate 87.50%')
  })
})

it('a Canary and a MetricTemplate in the manifests are brought first', async () => {
  const scene = await openFlagger(canaryOf({ webhooks: [hook('rollback')] }))
  const { status: _, ...canary } = canaryOf({
    ...{ stepWeight: 25, webhooks: [hook('rollback')] },
    metrics: [{ name: 'errors', templateRef: { name: 'errors' }, thresholdRange: { max: 1 } }]
  })
  const template = {
    ...{ apiVersion: 'flagger.app/v1beta1', kind: 'MetricTemplate' },
    metadata: { name: 'errors', namespace: 'shop' }
  }
  const manifests = [canary, template].map((object) => ({ object, source: `${object.kind}.yaml` }))
  const outcome = await scene.drive('deploy', { manifests: manifests }).ended
  expect(outcome.result).toBe('promoted')
  expect(outcome.shifts.map(({ split }) => split.weight).slice(0, 2)).toEqual([25, 50])
})
