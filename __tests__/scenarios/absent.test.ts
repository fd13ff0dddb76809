import { describe, expect, it } from '@jest/globals'
import { parseManifests } from '../../src/kubernetes/manifests.ts'
import { openScene } from './scene.ts'

const deployment = (metadata: string, template = ''): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web${metadata}}
spec:
  replicas:
  strategy:
  selector: {matchLabels: {app: web}, matchExpressions: }
  template:
    metadata: {labels: {app: web}, annotations: }
    spec:
      initContainers:
      volumes:
      containers:
        - {name: web, image: 'shop/web:2', ports: [{name: http, containerPort: 8080}], env: , envFrom: , resources: , lifecycle: ${template}}
`

describe('keys with nothing behind them, as charts render them,', () => {
  it.each([
    ['annotations', ', annotations: '],
    ['labels', ', labels: '],
    ['owners and finalizers', ', ownerReferences: , finalizers: , creationTimestamp: '],
    ['an annotation', ', annotations: {a: }']
  ])('are as if they were not there: %s', async (_, metadata) => {
    for (const strategy of ['blue-green', 'rolling', 'recreate']) {
      const { manifests, faults } = parseManifests(deployment(metadata), 'k8s/web.yaml')
      expect(faults).toEqual([])
      const scene = await openScene()
      const inputs = { images: '', strategy }
      expect(await scene.run({ inputs, manifests }).plan()).toMatchObject({ result: 'planned' })
      expect(await scene.run({ inputs, manifests }).deploy()).toMatchObject({ result: 'promoted' })
    }
  })
})
