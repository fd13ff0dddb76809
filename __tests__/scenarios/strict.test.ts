import { describe, expect, it } from '@jest/globals'
import { parseManifests } from '../../src/kubernetes/manifests.ts'
import { manifest, NAMESPACE, openScene, service, workload } from './scene.ts'

const deployment = ({ top = '', metadata = '', spec = '', container = '' } = {}): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web${metadata}}
${top}
spec:
  ${spec}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: 'shop/web:2', ports: [{name: http, containerPort: 8080}]${container}}
`
const other = (text: string): string => `${deployment()}\n---\n${text}`

describe('what is misspelt in manifests is refused before anything is changed:', () => {
  it.each([
    [
      'in a container',
      deployment({ container: ', resource: {limits: {cpu: 1}}' }),
      'spec.template.spec.containers[0].resource'
    ],
    ['in the spec', deployment({ spec: 'progressDeadlineSecond: 5' }), 'spec.progressDeadlineSecond'],
    ['in the metadata', deployment({ metadata: ', anotations: {a: b}' }), 'metadata.anotations'],
    ['at the top', deployment({ top: 'sepc: {}' }), 'sepc'],
    [
      'in the Service',
      other(
        '{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80, targetPort: http, targetport: http}]}}'
      ),
      'spec.ports[0].targetport'
    ],
    ['in a ConfigMap', other('{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dta: {a: b}}'), 'dta']
  ])('%s', async (_, text, field) => {
    const { manifests } = parseManifests(text, 'k8s/web.yaml')
    for (const strategy of ['blue-green', 'rolling']) {
      const scene = await openScene()
      const before = scene.service().metadata.resourceVersion
      for (const command of ['plan', 'deploy'] as const) {
        const attempt = scene.run({ inputs: { images: '', strategy }, manifests })[command]()
        await expect(attempt).rejects.toThrow(
          new RegExp(`k8s/web.yaml, line \\d+: .*unknown field "${field.replaceAll(/[[\].]/g, '\\$&')}"`)
        )
      }
      expect(scene.service().metadata.resourceVersion).toBe(before)
      expect(scene.story.slice(1).filter((line) => line.includes('web-green'))).toEqual([])
    }
  })
})

describe('a manifest of the workload', () => {
  it.each([
    [
      'of an API that is gone',
      deployment().replace('apps/v1', 'extensions/v1beta1'),
      'k8s/web.yaml, line 2: Deployment web is of extensions/v1beta1, which no cluster has any more'
    ],
    [
      'that does not select its own pods',
      deployment().replace('labels: {app: web}', 'labels: {app: wbe}'),
      'k8s/web.yaml, line 2: spec.selector (app=web) does not select the labels of spec.template (app=wbe)'
    ],
    [
      'of a size that is a text',
      deployment({ spec: 'replicas: "3"' }),
      /^manifests: k8s\/web.yaml, line 2: .*spec\.replicas/
    ]
  ])('%s is refused', async (_, text, problem) => {
    const scene = await openScene()
    const { manifests } = parseManifests(text, 'k8s/web.yaml')
    await expect(scene.run({ inputs: { images: '' }, manifests }).plan()).rejects.toThrow(problem)
  })

  it('is no object of another kind that is called the same', async () => {
    const scene = await openScene()
    const { manifests } = parseManifests(
      other('{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: web}, spec: {template: }}'),
      'k8s/web.yaml'
    )
    const { plan } = await scene.run({ inputs: { images: '' }, manifests }).plan()
    expect(plan?.changes.at(-1)).toMatchObject({ object: 'Service web' })
    expect(plan?.changes.at(-1)?.diff.join('\n')).not.toContain('selector')
  })
})

describe('what the API server warns of', () => {
  const config = (name: string) =>
    manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE } })

  it.each(['plan', 'deploy'] as const)(
    'is told by %s, each text once and with its places',
    async (command) => {
      const scene = await openScene()
      scene.cluster.warns = ({ kind }) =>
        kind === 'ConfigMap' ? ['old', 'old'] : kind === 'Deployment' ? ['pod `x`'] : []
      const run = scene.run({ manifests: [config('a'), { ...config('b'), source: 'b.yaml, line 1' }] })
      const { warnings } = await run[command]()
      expect(warnings).toEqual([
        'deployment/web-green: the API server warns: pod `x`',
        'k8s/web.yaml, line 1, b.yaml, line 1: the API server warns: old'
      ])
    }
  )
})

it('a live template is released as it is, whatever is in it', async () => {
  const live = workload()
  const strange = { ...live, spec: { ...live.spec, invented: true } }
  const scene = await openScene([strange, service()])
  for (const strategy of ['blue-green', 'rolling'])
    expect(
      await scene.run({ inputs: { strategy, images: `shop/web:${strategy.length}` } }).deploy()
    ).toMatchObject({
      result: 'promoted'
    })
})
