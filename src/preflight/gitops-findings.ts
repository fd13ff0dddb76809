import { NO_FINDINGS, type Findings } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { declares, type GitOpsOwner } from '../kubernetes/gitops.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Edit } from './edits.ts'

/** What Argo CD's or Flux's own object says; only what decides about foreign changes is named. */
export interface GitOpsObject extends KubernetesObject {
  readonly spec?: {
    /** Argo CD. */
    readonly ignoreDifferences?: readonly IgnoredDifference[]
    readonly syncPolicy?: {
      readonly automated?: { readonly selfHeal?: boolean; readonly enabled?: boolean } | null
      readonly syncOptions?: readonly string[]
    }
    /** Flux. */
    readonly suspend?: boolean
    readonly ignore?: readonly IgnoreRule[]
    readonly driftDetection?: { readonly mode?: string; readonly ignore?: readonly IgnoreRule[] }
  }
}

interface IgnoredDifference {
  readonly group?: string
  readonly kind: string
  readonly name?: string
  readonly namespace?: string
  readonly jsonPointers?: readonly string[]
  readonly jqPathExpressions?: readonly string[]
  readonly managedFieldsManagers?: readonly string[]
}

interface IgnoreRule {
  readonly paths?: readonly string[]
  readonly target?: { readonly kind?: string; readonly name?: string; readonly namespace?: string }
}

const RESPECT = 'RespectIgnoreDifferences=true'

/**
 * Whether an owner would undo what the release does to its objects. A fault only where it is certain.
 * @param live undefined when it cannot be read
 */
export function judgeOwner(
  owner: GitOpsOwner,
  live: GitOpsObject | undefined,
  edits: readonly Edit[]
): Findings {
  const kept = edits.filter(({ object, field, becomes }) => declares(object, owner, field, becomes) !== false)
  if (kept.length === 0) return NO_FINDINGS
  const certain = kept.filter(
    ({ object, field, becomes }) => declares(object, owner, field, becomes) === true
  )
  switch (owner.kind) {
    case 'Application':
      return judgeApplication(owner, live, kept, certain)
    case 'Kustomization':
      return judgeKustomization(owner, live, kept, certain)
    case 'HelmRelease':
      return judgeHelmRelease(owner, live, kept, certain)
  }
}

const fault = (problem: string, example: string): Findings => ({
  faults: [{ input: 'workload', problem, example }],
  warnings: []
})

const warning = (text: string): Findings => ({ faults: [], warnings: [text] })

function judgeApplication(
  owner: GitOpsOwner,
  live: GitOpsObject | undefined,
  kept: readonly Edit[],
  certain: readonly Edit[]
): Findings {
  const name = owner.name === '' ? 'an Application of Argo CD' : `Application ${owner.name} of Argo CD`
  const { ignoreDifferences = [], syncPolicy = {} } = live?.spec ?? {}
  const open = kept.filter((edit) => !ignoreDifferences.some((ignored) => isIgnored(edit, ignored)))
  const respects = syncPolicy.syncOptions?.includes(RESPECT) === true
  const remedy = `spec.ignoreDifferences: [${argoLines(open)}] and spec.syncPolicy.syncOptions: [${RESPECT}] in it`
  if (live === undefined)
    return warning(
      `${name} has ${print(open)} in Git, and whether it would revert the release cannot be read (get applications in namespace ${owner.namespace}): it has to have ${remedy}`
    )
  if (open.length === 0)
    return respects
      ? NO_FINDINGS
      : warning(
          `${name} ignores what the release changes, but its next sync would revert it: add spec.syncPolicy.syncOptions: [${RESPECT}] to it`
        )
  const { automated } = syncPolicy
  const heals = automated?.selfHeal === true && automated.enabled !== false
  return heals && open.some((edit) => certain.includes(edit))
    ? fault(
        `${name} has selfHeal and would revert the release in seconds: in Git it has ${print(open)}`,
        remedy
      )
    : warning(
        `the next sync of ${name} would revert the release: in Git it has ${print(open)}; add ${remedy}`
      )
}

const groupOf = ({ apiVersion }: KubernetesObject): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''

const matches = (pattern: string | undefined, value: string): boolean =>
  pattern === undefined || pattern === '' || pattern === '*' || pattern === value

function isIgnored({ object, field }: Edit, ignored: IgnoredDifference): boolean {
  const { name, namespace = '' } = object.metadata
  const { group = '', jsonPointers = [], jqPathExpressions = [], managedFieldsManagers = [] } = ignored
  return (
    (group === '*' || group === groupOf(object)) &&
    matches(ignored.kind, object.kind) &&
    matches(ignored.name, name) &&
    matches(ignored.namespace, namespace) &&
    (managedFieldsManagers.includes('greenlight') ||
      [...jsonPointers, ...jqPathExpressions.map(asPointer)].some((path) => touches(path, field)))
  )
}

/** `.spec.rules[].backendRefs` → `/spec/rules`: as far as it is a plain path. */
const asPointer = (expression: string): string => (/^[.\w]+/.exec(expression)?.[0] ?? '').replaceAll('.', '/')

/** If a part of the field is ignored, its author has thought of releases. */
const touches = (path: string, field: string): boolean =>
  path !== '' && path !== '/' && (`${field}/`.startsWith(`${path}/`) || path.startsWith(`${field}/`))

function judgeKustomization(
  owner: GitOpsOwner,
  live: GitOpsObject | undefined,
  kept: readonly Edit[],
  certain: readonly Edit[]
): Findings {
  const { suspend = false, ignore = [] } = live?.spec ?? {}
  const open = kept.filter((edit) => !ignore.some((rule) => isExempt(edit, rule)))
  if (suspend || open.length === 0) return NO_FINDINGS
  const name = `Kustomization ${owner.name} of Flux (namespace ${owner.namespace})`
  const objects = [...new Set(open.map(titleOf))].map((title) => sh`${title}`).join(' ')
  const namespace = open[0]?.object.metadata.namespace ?? ''
  const remedy = `${sh`kubectl -n ${namespace} annotate`} ${objects} kustomize.toolkit.fluxcd.io/reconcile=disabled, and the same annotation in Git`
  return open.some((edit) => certain.includes(edit))
    ? fault(`${name} would revert the release at its next interval: it applies ${print(open)}`, remedy)
    : warning(`${name} may revert the release at its next interval, if Git has ${print(open)}: ${remedy}`)
}

function judgeHelmRelease(
  owner: GitOpsOwner,
  live: GitOpsObject | undefined,
  kept: readonly Edit[],
  certain: readonly Edit[]
): Findings {
  const { suspend = false, driftDetection = {} } = live?.spec ?? {}
  const open = kept.filter((edit) => !(driftDetection.ignore ?? []).some((rule) => isExempt(edit, rule)))
  if (suspend || open.length === 0) return NO_FINDINGS
  const name = `HelmRelease ${owner.name} of Flux (namespace ${owner.namespace})`
  const corrects = driftDetection.mode === 'enabled'
  return corrects && open.some((edit) => certain.includes(edit))
    ? fault(
        `${name} corrects drift and would revert the release at its next interval: its chart has ${print(open)}`,
        `spec.driftDetection.ignore: [${open.map(fluxRule).join(', ')}] in it`
      )
    : warning(
        `the next upgrade of ${name} would revert the release: its chart has ${print(open)}; leave these out of the chart`
      )
}

const isExempt = ({ object, field }: Edit, { paths = [], target = {} }: IgnoreRule): boolean =>
  matches(target.kind, object.kind) &&
  matches(target.name, object.metadata.name) &&
  matches(target.namespace, object.metadata.namespace ?? '') &&
  paths.some((path) => touches(path, field))

const titleOf = ({ object }: Edit): string => `${object.kind.toLowerCase()}/${object.metadata.name}`

/** `/spec/selector of service/web, /spec/replicas of deployment/web` */
const print = (edits: readonly Edit[]): string =>
  edits.map((edit) => `${edit.field} of ${titleOf(edit)}`).join(', ')

const argoLines = (edits: readonly Edit[]): string =>
  [...new Set(edits.map(titleOf))]
    .map((title) => {
      const those = edits.filter((edit) => titleOf(edit) === title)
      const [{ object } = { object: undefined }] = those
      if (object === undefined) return ''
      const group = groupOf(object) === '' ? '""' : groupOf(object)
      const fields = those.map(({ field }) => field).join(', ')
      return `{group: ${group}, kind: ${object.kind}, name: ${object.metadata.name}, jsonPointers: [${fields}]}`
    })
    .join(', ')

const fluxRule = ({ object, field }: Edit): string =>
  `{paths: [${field}], target: {kind: ${object.kind}, name: ${object.metadata.name}}}`
