import { expect } from '@jest/globals'
import type { Deployment, KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import type { Ended } from '../action.ts'
import { admin } from './real-cluster.ts'
import type { LiveStage } from './live-scene.ts'
import { image, workload } from './workload.ts'

/** For small plays, of one pod and one release each. */

export const SMALL = workload({ replicas: 1 })
export const NEXT = { images: image(2), bake: '0s' }

export const warningsIn = ({ outputs }: Ended): readonly string[] =>
  (JSON.parse(outputs.json ?? '{}') as { warnings: readonly string[] }).warnings

export const like = (text: string): unknown => expect.stringContaining(text)

/** The witness changes its own Service all the time. */
const isTheirs = ({ metadata }: KubernetesObject): boolean => metadata.name !== 'noise'

/** What a run that is refused must leave as it was. */
async function everythingIn(namespace: string): Promise<unknown> {
  const kinds = [
    ['apps/v1', 'Deployment'],
    ['v1', 'Service'],
    ['v1', 'ConfigMap'],
    ['batch/v1', 'Job'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler'],
    ['networking.k8s.io/v1', 'Ingress'],
    ['coordination.k8s.io/v1', 'Lease']
  ] as const
  const found = await Promise.all(
    kinds.map(([apiVersion, kind]) => admin.list<KubernetesObject>({ apiVersion, kind, namespace }))
  )
  return found.map((objects) => objects.filter(isTheirs).map(asWritten))
}

function asWritten(object: KubernetesObject): unknown {
  const { metadata, status: _, ...rest } = object as KubernetesObject & { status?: unknown }
  const { resourceVersion: __, managedFields: ___, ...kept } = metadata
  return { ...rest, metadata: kept }
}

/** Refused in a plan as in a release, with nothing changed. @returns why */
export async function refused(
  stage: LiveStage,
  inputs: Readonly<Record<string, string>> = NEXT
): Promise<string> {
  const before = await everythingIn(stage.namespace)
  const reasons: string[] = []
  for (const command of ['plan', 'deploy']) {
    const ended = await stage.run({ ...inputs, command })
    expect(ended).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
    reasons.push(ended.outputs.reason ?? '')
  }
  expect(await everythingIn(stage.namespace)).toStrictEqual(before)
  expect(reasons[1]).toBe(reasons[0])
  return reasons[0] ?? ''
}

/** The Deployment with something else in its pods. */
export const withPods = ({ spec, ...rest }: Deployment, pods: object, more: object = {}): Deployment => ({
  ...rest,
  spec: {
    ...spec,
    ...more,
    template: { ...spec.template, spec: { ...spec.template.spec, ...pods } }
  }
})

export const serviceOf = (ports: readonly object[] | undefined, more: object = {}): Service =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ...(ports === undefined ? {} : { ports }), ...more }
  }) as Service
