import type { Fault } from '../base/errors.ts'
import type { Cluster } from './cluster.ts'
import type { KubernetesObject } from './objects.ts'
import { roleFileFor } from './role-files.ts'

/** Something that the credentials must be allowed to do in a namespace. */
export interface Right {
  readonly verb: string
  /** API group; empty for the core. */
  readonly group: string
  /** Plural, e.g. `services`. */
  readonly resource: string
  readonly subresource?: string | undefined
  /** The one object that is meant. */
  readonly name?: string | undefined
  /** The file among the examples that grants it, where several do. */
  readonly role?: string | undefined
}

/** What a Role allows. */
export interface Rule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

interface RulesReview extends KubernetesObject {
  readonly spec: { readonly namespace: string }
  readonly status?: { readonly resourceRules?: readonly Rule[] | null }
}

interface AccessReview extends KubernetesObject {
  readonly spec: { readonly resourceAttributes: Right & { readonly namespace: string } }
  readonly status?: { readonly allowed?: boolean }
}

const AUTHORIZATION = 'authorization.k8s.io/v1'

const resourceOf = ({ resource, subresource }: Right): string =>
  subresource === undefined ? resource : `${resource}/${subresource}`

/** Whether one of the rules allows it. */
export const covers = (rules: readonly Rule[], right: Right): boolean =>
  rules.some(
    ({ verbs, apiGroups = [], resources = [], resourceNames = [] }) =>
      holds(verbs, right.verb) &&
      holds(apiGroups, right.group) &&
      (holds(resources, resourceOf(right)) || holdsSubresource(resources, right)) &&
      (resourceNames.length === 0 || (right.name !== undefined && resourceNames.includes(right.name)))
  )

const holds = (list: readonly string[], wanted: string): boolean =>
  list.includes('*') || list.includes(wanted)

const holdsSubresource = (resources: readonly string[], { subresource }: Right): boolean =>
  subresource !== undefined && resources.includes(`*/${subresource}`)

/**
 * The rights that the credentials lack. One question brings all rules; what they do not show is asked one by one,
 * because clouds have authorizers that can say yes to a question but cannot list their rules.
 */
export async function missingRights(
  cluster: Cluster,
  namespace: string,
  needs: readonly Right[],
  known?: readonly Rule[]
): Promise<readonly Right[]> {
  const rules = known ?? (await readRules(cluster, namespace))
  const doubtful = needs.filter((right) => !covers(rules, right))
  const answers = await Promise.all(doubtful.map((right) => isAllowed(cluster, namespace, right)))
  return doubtful.filter((_, at) => answers[at] === false)
}

/** The rules of the credentials in a namespace, as far as their authorizer can list them. */
export async function readRules(cluster: Cluster, namespace: string): Promise<readonly Rule[]> {
  const review = await cluster.create<RulesReview>({
    apiVersion: AUTHORIZATION,
    kind: 'SelfSubjectRulesReview',
    metadata: { name: '' },
    spec: { namespace }
  })
  return review.status?.resourceRules ?? []
}

async function isAllowed(cluster: Cluster, namespace: string, right: Right): Promise<boolean> {
  const { role: _, ...resourceAttributes } = right
  const review = await cluster.create<AccessReview>({
    apiVersion: AUTHORIZATION,
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: { resourceAttributes: { ...resourceAttributes, namespace } }
  })
  return review.status?.allowed === true
}

/**
 * What is missing and the rule that would bring it.
 * @param verbs all that are wanted of the resource, where it is more than the one that is missing
 */
export function describeMissing(
  right: Right,
  namespace: string | undefined,
  verbs: readonly string[] = [right.verb],
  { verb: one }: Right = right
): string {
  const { verb, group, name } = right
  const file = roleFileFor({ ...right, verb: one })
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`
  const resources = JSON.stringify([resourceOf(right)])
  const names = name === undefined ? '' : `, resourceNames: ${JSON.stringify([name])}`
  const rule = `{apiGroups: ${JSON.stringify([group])}, resources: ${resources}${names}, verbs: ${JSON.stringify(verbs)}}`
  const from = file === undefined ? '' : `, or apply ${file} there`
  return `cannot ${verb} ${resourceOf(right)}${where}: give the ServiceAccount this rule: ${rule}${from}`
}

/** The same of several rights, with one rule for each resource. */
export function describeAllMissing(rights: readonly Right[], namespace: string): readonly string[] {
  const byResource = new Map<string, Right[]>()
  for (const right of rights) {
    const key = JSON.stringify([right.group, resourceOf(right), right.name, roleFileFor(right)])
    byResource.set(key, [...(byResource.get(key) ?? []), right])
  }
  return [...byResource.values()].flatMap((alike) => {
    const [first] = alike
    const verbs = alike.map(({ verb }) => verb)
    return first === undefined
      ? []
      : [describeMissing({ ...first, verb: verbs.join(', ') }, namespace, verbs, first)]
  })
}

/** What the credentials lack, and the rules that would bring it. */
export const rightsFaults = (missing: readonly Right[], namespace: string): Fault[] =>
  describeAllMissing(missing, namespace).map((problem) => ({ input: 'kubeconfig', problem }))

/** The right that a refusal names. Quotas and admission policies refuse with 403 as well, but no rule helps against those. */
export function rightIn(message: string): Right | undefined {
  const told = /cannot (\S+) resource "([^"/]+)(?:\/([^"]+))?" in API group "([^"]*)"/.exec(message)
  if (told === null) return undefined
  const [, verb = '', resource = '', subresource, group = ''] = told
  return { verb, group, resource, subresource }
}
