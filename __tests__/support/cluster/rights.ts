import { readFileSync } from 'node:fs'
import { parseManifests } from '../../../src/kubernetes/manifests.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { admin } from './real-cluster.ts'

/** Roles that the README publishes, and the same with one right less. */

interface Role extends KubernetesObject {
  readonly rules: readonly {
    readonly apiGroups: readonly string[]
    readonly resources: readonly string[]
    readonly resourceNames?: readonly string[]
    readonly verbs: readonly string[]
  }[]
}

export const RBAC = 'rbac.authorization.k8s.io/v1'

export const publishedRole = (file: string): Role =>
  parseManifests(readFileSync(`examples/kubernetes/${file}`, 'utf8'), file)
    .manifests.map(({ object }) => object)
    .find(({ kind }) => kind === 'Role') as Role

/** One verb of one rule. */
export interface OneRight {
  readonly rule: number
  readonly resource: string
  readonly verb: string
}

export const eachRight = (file: string): readonly OneRight[] =>
  publishedRole(file).rules.flatMap(({ resources: [resource = ''], verbs }, rule) =>
    verbs.map((verb) => ({ rule, resource, verb }))
  )

/** Takes this right away, and gives all others of the file. */
export async function withoutRight(namespace: string, file: string, { rule, verb }: OneRight): Promise<void> {
  const { metadata, rules } = publishedRole(file)
  const left = rules.map((one, index) =>
    index === rule ? { ...one, verbs: one.verbs.filter((other) => other !== verb) } : one
  )
  const given = left.filter(({ verbs }) => verbs.length > 0)
  const ref = { apiVersion: RBAC, kind: 'Role', namespace, name: metadata.name }
  await admin.patch(ref, [{ op: 'replace', path: '/rules', value: given }])
  await untilInForce(namespace, given, rules)
}

interface Review extends KubernetesObject {
  readonly status: { readonly allowed: boolean }
}

/** A busy API server takes a moment until it goes by a Role that was changed. */
async function untilInForce(namespace: string, given: Role['rules'], all: Role['rules']): Promise<void> {
  const rights = all.flatMap(
    ({ apiGroups: [group = ''], resources: [named = ''], resourceNames: [name] = [], verbs }) =>
      verbs.map((verb) => ({ group, named, name, verb }))
  )
  const isGiven = (right: (typeof rights)[number]): boolean =>
    given.some(
      ({ apiGroups, resources, verbs }) =>
        apiGroups.includes(right.group) && resources.includes(right.named) && verbs.includes(right.verb)
    )
  const isInForce = async (right: (typeof rights)[number]): Promise<boolean> => {
    const [resource, subresource] = right.named.split('/')
    const { status } = await admin.create<Review>({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec: {
        user: `system:serviceaccount:${namespace}:greenlight`,
        resourceAttributes: {
          namespace,
          verb: right.verb,
          group: right.group,
          resource,
          subresource,
          name: right.name
        }
      }
    } as unknown as Review)
    return status.allowed === isGiven(right)
  }
  for (let left = 100; left > 0; left -= 1) {
    if ((await Promise.all(rights.map(isInForce))).every(Boolean)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the API server does not go by the Role after 10 s')
}
