import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { openLiveScene } from '../support/cluster/live-scene.ts'
import { getDeployment, image } from '../support/cluster/workload.ts'

playLiveScenes()

/** A Deployment as a chart renders it whose values are empty. */
function rendered(metadata: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'manifests-')), 'web.yaml')
  writeFileSync(
    file,
    `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
${metadata}
spec:
  replicas: 3
  strategy:
  selector:
    matchLabels: {app: web}
    matchExpressions:
  template:
    metadata:
      labels: {app: web}
      annotations:
    spec:
      nodeSelector:
      tolerations:
      volumes:
        - {name: files, emptyDir: }
        - {name: labels, downwardAPI: {defaultMode: 0o440, items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
      containers:
        - name: web
          image: ${image(2)}
          ports: [{name: http, containerPort: 8080}]
          env: [{name: DRAIN_MS, value: "2000"}, {name: EMPTY, value: }]
          envFrom:
          resources:
          readinessProbe: {httpGet: {path: /health, port: http}, periodSeconds: 1, timeoutSeconds: 5}
`
  )
  return file
}

it('keys with nothing behind them are as if they were not there, and nothing is left to tidy up is no error', async () => {
  const scene = await openLiveScene()
  const planned = await scene.run({ command: 'plan', manifests: rendered('  labels:\n  annotations:') })
  expect(planned).toMatchObject({ exitCode: 0, outputs: { result: 'planned' } })
  const ended = await scene.run({ manifests: rendered('  labels:\n  annotations:'), bake: '0s' })
  expect(ended).toMatchObject({ exitCode: 0, outputs: { result: 'promoted' } })
  const { spec } = await getDeployment(scene.namespace, 'web-green')
  expect(spec.template.spec).toMatchObject({
    volumes: [
      { name: 'files', emptyDir: {} },
      { name: 'labels', downwardAPI: { defaultMode: 288 } }
    ]
  })

  // No copy of config is there: the API server lists nothing as `items: null`.
  const tidied = await scene.run({ command: 'cleanup' })
  expect(tidied).toMatchObject({ exitCode: 0, outputs: { reason: 'there is nothing to clean up' } })
  for (const { log, summary } of [planned, ended, tidied])
    expect(log + summary).not.toMatch(/Cannot read|undefined|\[object Object\]/)
  expect((await scene.end()).users).toMatchObject({ failed: 0, failures: [] })
})
