import { describe, expect, it } from '@jest/globals'
import { messageOf } from '../../src/base/errors.ts'
import { parseManifests } from '../../src/kubernetes/manifests.ts'
import { CRASH, GONE, pathsIn, withAt } from '../support/mutations.ts'
import { isUserError } from '../support/user-error.ts'
import { openScene } from './scene.ts'

const labels = { app: 'web' }
const full = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels, annotations: { team: 'shop' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
      template: {
        metadata: { labels, annotations: { a: 'b' } },
        spec: {
          terminationGracePeriodSeconds: 30,
          initContainers: [{ name: 'init', image: 'shop/init:1' }],
          containers: [
            {
              name: 'web',
              image: 'shop/web:2',
              ports: [{ name: 'http', containerPort: 8080 }],
              resources: { requests: { cpu: '10m' }, limits: { memory: '1Gi' } },
              env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'web-config', key: 'A' } } }],
              envFrom: [{ secretRef: { name: 'web-secret' } }],
              readinessProbe: { httpGet: { path: '/health', port: 'http' } },
              lifecycle: { preStop: { sleep: { seconds: 5 } } }
            }
          ],
          volumes: [{ name: 'config', configMap: { name: 'web-config', items: [{ key: 'A', path: 'a' }] } }]
        }
      }
    }
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', labels },
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web-config' }, data: { A: '1' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-secret' }, stringData: { P: 'hunter2' } },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 9,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } }
        }
      ]
    }
  }
]

/** By strategy; in place reads the same fields, so that fewer will do. */
const wrongFor: Readonly<Record<string, readonly unknown[]>> = {
  'blue-green': [GONE, null, 5, 'x', [], {}, [null], true],
  rolling: [GONE, 'x', [null]]
}
describe('manifests of any shape are planned, or refused with a sentence:', () => {
  it.each(['blue-green', 'rolling'])(
    '%s',
    async (strategy) => {
      const scene = await openScene()
      const failures: string[] = []
      for (const path of pathsIn(full))
        for (const value of wrongFor[strategy] ?? []) {
          const { manifests, faults } = parseManifests(
            JSON.stringify({ kind: 'List', apiVersion: 'v1', items: withAt(full, path, value) }),
            'web.yaml'
          )
          let text = JSON.stringify(faults)
          try {
            if (faults.length === 0)
              text = JSON.stringify(
                (await scene.run({ inputs: { strategy, images: '' }, manifests }).plan()).warnings
              )
          } catch (error) {
            text = messageOf(error)
            if (!isUserError(error)) text = `undefined: ${error instanceof Error ? (error.stack ?? '') : ''}`
          }
          if (CRASH.test(text))
            failures.push(
              `${path.join('.')} = ${typeof value === 'symbol' ? 'gone' : JSON.stringify(value)}: ${text.slice(0, 400)}`
            )
        }
      expect(failures).toEqual([])
    },
    120_000
  )
})

it('a Deployment without containers is told with its file, in the words of the API server', async () => {
  const scene = await openScene()
  const empty = withAt(full[0], ['spec', 'template', 'spec', 'containers'], GONE)
  const { manifests } = parseManifests(JSON.stringify(empty), 'k8s/web.yaml')
  await expect(scene.run({ inputs: { images: '' }, manifests }).deploy()).rejects.toThrow(
    'manifests: k8s/web.yaml, line 1: Deployment "web" is invalid: spec.template.spec.containers is missing'
  )
})
