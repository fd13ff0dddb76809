import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import {
  autoscaler,
  manifest,
  NAMESPACE,
  openScene,
  service,
  workload,
  type RunOptions,
  type Scene
} from './scene.ts'

/** A namespace with objects of others alone, and the manifests by which the shop is installed there. */

export const CLOSED = 'app=web,greenlight.dev/slot=none'

export const ingress: KubernetesObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: { rules: [] }
} as KubernetesObject

const WRITTEN = [ingress, autoscaler(), service(), workload()]

export const toInstall = (
  { inputs, ...options }: RunOptions = {},
  objects: readonly KubernetesObject[] = WRITTEN
): RunOptions => ({
  manifests: objects.map(manifest),
  ...options,
  inputs: { images: '', 'smoke-tests': 'GET /health -> 200', ...inputs }
})

export const openEmpty = (objects: readonly KubernetesObject[] = []): Promise<Scene> => openScene(objects, [])

/** Who was ever behind the Service, change by change. */
export function watchService(scene: Scene): readonly string[] {
  const { cluster } = scene
  const seen: string[] = []
  cluster.subscribe(() => {
    if (cluster.read({ apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE, name: 'web' }) === undefined)
      return
    const now = scene.traffic()
    if (seen.at(-1) !== now) seen.push(now)
  })
  return seen
}

export const readIngress = ({ cluster }: Scene): KubernetesObject | undefined =>
  cluster.read({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', namespace: NAMESPACE, name: 'web' })
