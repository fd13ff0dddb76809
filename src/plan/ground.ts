import type { KubernetesObject } from '../kubernetes/objects.ts'

/** What a Job may need to run: config, accounts and their rights, volumes, and the kinds and namespaces of these. */
const GROUND: ReadonlySet<string> = new Set([
  'Namespace',
  'CustomResourceDefinition',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'ConfigMap',
  'NetworkPolicy',
  'PersistentVolume',
  'PersistentVolumeClaim'
])

/** Operators make Secrets of objects of many kinds: ExternalSecret, SealedSecret, VaultStaticSecret … */
export const isGround = ({ kind }: KubernetesObject): boolean => GROUND.has(kind) || kind.includes('Secret')
