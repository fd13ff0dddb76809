import { describe, expect, it } from '@jest/globals'
import { copiedMetadata, gitOpsOwnerOf } from '../../../src/kubernetes/gitops.ts'
import type { Deployment, KubernetesObject, Metadata } from '../../../src/kubernetes/objects.ts'
import type { Labels } from '../../../src/kubernetes/selectors.ts'
import type { Edit } from '../../../src/preflight/edits.ts'
import { judgeOwner, type GitOpsObject } from '../../../src/preflight/gitops-findings.ts'
import { NAMESPACE, service, workload } from '../../scenarios/scene.ts'

type Managed = NonNullable<Metadata['managedFields']>[number]

const managed = (manager: string, operation: string, fields: object = {}): Managed => ({
  manager,
  operation,
  fieldsV1: fields as NonNullable<Managed['fieldsV1']>
})

const withMetadata = <T extends KubernetesObject>(object: T, metadata: Partial<Metadata>): T => ({
  ...object,
  metadata: { ...object.metadata, ...metadata }
})

const TRACKING = 'argocd.argoproj.io/tracking-id'
const INSTANCE = 'app.kubernetes.io/instance'
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'
const flux = (group: 'kustomize' | 'helm'): Labels => ({
  [`${group}.toolkit.fluxcd.io/name`]: 'apps',
  [`${group}.toolkit.fluxcd.io/namespace`]: 'flux-system'
})
const application = { kind: 'Application', name: 'shop', namespace: 'argocd' }
const kustomization = { kind: 'Kustomization', name: 'apps', namespace: 'flux-system' }
const helmRelease = { kind: 'HelmRelease', name: 'apps', namespace: 'flux-system' }

describe('an object is kept', () => {
  it.each<[string, Partial<Metadata>, unknown]>([
    ['by nobody', {}, undefined],
    ['by an Application', { annotations: { [TRACKING]: 'shop:apps/Deployment:shop/web' } }, application],
    [
      'by an Application in a namespace of its own',
      { annotations: { [TRACKING]: 'team_shop:apps/Deployment:shop/web' } },
      { ...application, namespace: 'team' }
    ],
    [
      'not by what another object was copied with',
      { annotations: { [TRACKING]: 'shop:apps/Deployment:shop/api' } },
      undefined
    ],
    [
      'by an Application, by label and writer',
      { labels: { [INSTANCE]: 'shop' }, managedFields: [managed('argocd-controller', 'Update')] },
      application
    ],
    ['not by Helm alone, which has the same label', { labels: { [INSTANCE]: 'shop' } }, undefined],
    [
      'by an Application whose name nothing tells',
      { managedFields: [managed('argocd-controller', 'Apply')] },
      { ...application, name: '' }
    ],
    [
      'by a Kustomization',
      { labels: flux('kustomize'), managedFields: [managed('kustomize-controller', 'Apply')] },
      kustomization
    ],
    ['not by a Kustomization that never wrote it', { labels: flux('kustomize') }, undefined],
    [
      'by a HelmRelease',
      { labels: flux('helm'), managedFields: [managed('helm-controller', 'Update')] },
      helmRelease
    ]
  ])('%s', (_, metadata, expected) => {
    expect(gitOpsOwnerOf(withMetadata(workload(), metadata))).toEqual(expected)
  })

  it.each<[Labels, 'kustomize' | 'helm']>([
    [{ 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' }, 'kustomize'],
    [{ 'kustomize.toolkit.fluxcd.io/reconcile': 'Disabled' }, 'kustomize'],
    [{ 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' }, 'kustomize'],
    [{ 'kustomize.toolkit.fluxcd.io/ssa': 'Ignore' }, 'kustomize'],
    [{ 'helm.toolkit.fluxcd.io/driftDetection': 'disabled' }, 'helm']
  ])('by Flux no more with %j', (annotations, group) => {
    const manager = `${group === 'helm' ? 'helm' : 'kustomize'}-controller`
    const metadata = { labels: flux(group), annotations, managedFields: [managed(manager, 'Apply')] }
    expect(gitOpsOwnerOf(withMetadata(workload(), metadata))).toBeUndefined()
  })

  it('by Flux all the same when it only merges, which leaves nothing alone that it has', () => {
    const metadata = {
      labels: flux('kustomize'),
      annotations: { 'kustomize.toolkit.fluxcd.io/ssa': 'Merge' },
      managedFields: [managed('kustomize-controller', 'Apply')]
    }
    expect(gitOpsOwnerOf(withMetadata(workload(), metadata))).toEqual(kustomization)
  })
})

describe('a copy', () => {
  it('says nothing of being in Git, and keeps the rest', () => {
    const labels = { ...flux('kustomize'), ...flux('helm'), app: 'web', [INSTANCE]: 'shop' }
    const annotations = { [TRACKING]: 'shop:apps/Deployment:shop/web', team: 'a' }
    expect(copiedMetadata(withMetadata(workload(), { labels, annotations }))).toEqual({
      labels: { app: 'web' },
      annotations: { team: 'a' }
    })
  })

  it('keeps the label that Argo CD tracks by where there is no Argo CD', () => {
    const labels = { [INSTANCE]: 'shop' }
    expect(copiedMetadata(withMetadata(workload(), { labels })).labels).toEqual(labels)
  })

  it('loses it where Argo CD tracks by it: it would remove what is not in Git', () => {
    const metadata = {
      labels: { [INSTANCE]: 'shop' },
      managedFields: [managed('argocd-controller', 'Update')]
    }
    expect(copiedMetadata(withMetadata(workload(), metadata)).labels).toEqual({})
  })
})

const tracked = <T extends KubernetesObject>(object: T, more: Partial<Metadata> = {}): T =>
  withMetadata(object, {
    annotations: {
      [TRACKING]: `shop:any/any:shop/${object.metadata.name}`,
      [APPLIED]: JSON.stringify(object)
    },
    ...more
  })

const scaled = (deployment: Deployment = tracked(workload())): Edit => ({
  object: deployment,
  field: '/spec/replicas'
})

const live = (spec: GitOpsObject['spec']): GitOpsObject => ({
  apiVersion: 'any/v1',
  kind: 'any',
  metadata: { name: 'any' },
  ...(spec === undefined ? {} : { spec })
})

/** `fault`, `warning` or nothing. */
function verdict(edit: Edit, object: GitOpsObject | undefined): string {
  const owner = gitOpsOwnerOf(edit.object)
  if (owner === undefined) return 'nothing'
  const { faults, warnings } = judgeOwner(owner, object, [edit])
  return [...faults.map(() => 'fault'), ...warnings.map(() => 'warning')].join() || 'nothing'
}

const healing = { automated: { selfHeal: true } }
const respecting = { ...healing, syncOptions: ['RespectIgnoreDifferences=true'] }
const ignored = (more: object = {}) => ({
  group: 'apps',
  kind: 'Deployment',
  jsonPointers: ['/spec/replicas'],
  ...more
})

describe('Argo CD, about the size of a Deployment', () => {
  it.each<[string, string, GitOpsObject | undefined]>([
    ['that it heals', 'fault', live({ syncPolicy: healing })],
    ['that it syncs with the next commit', 'warning', live({ syncPolicy: { automated: {} } })],
    ['that somebody syncs', 'warning', live({})],
    [
      'that it would heal if it were enabled',
      'warning',
      live({ syncPolicy: { automated: { selfHeal: true, enabled: false } } })
    ],
    ['that it has switched off', 'warning', live({ syncPolicy: { automated: null } })],
    ['whose Application cannot be read', 'warning', undefined],
    ['that it ignores', 'nothing', live({ syncPolicy: respecting, ignoreDifferences: [ignored()] })],
    [
      'that it ignores and overwrites with the next sync',
      'warning',
      live({ syncPolicy: healing, ignoreDifferences: [ignored()] })
    ],
    [
      'that it ignores for this name',
      'nothing',
      live({ syncPolicy: respecting, ignoreDifferences: [ignored({ name: 'web', namespace: NAMESPACE })] })
    ],
    [
      'that it ignores for another name',
      'fault',
      live({ syncPolicy: respecting, ignoreDifferences: [ignored({ name: 'api' })] })
    ],
    [
      'that it ignores in another group',
      'fault',
      live({ syncPolicy: respecting, ignoreDifferences: [ignored({ group: '' })] })
    ],
    [
      'that it ignores in all groups',
      'nothing',
      live({ syncPolicy: respecting, ignoreDifferences: [ignored({ group: '*', kind: '*' })] })
    ],
    [
      'of which it ignores something else',
      'fault',
      live({ syncPolicy: respecting, ignoreDifferences: [ignored({ jsonPointers: ['/spec/replicasets'] })] })
    ],
    [
      'that it ignores with the whole spec',
      'nothing',
      live({ syncPolicy: respecting, ignoreDifferences: [ignored({ jsonPointers: ['/spec'] })] })
    ],
    [
      'that it ignores by jq',
      'nothing',
      live({
        syncPolicy: respecting,
        ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jqPathExpressions: ['.spec.replicas'] }]
      })
    ],
    [
      'that it leaves to us',
      'nothing',
      live({
        syncPolicy: respecting,
        ignoreDifferences: [{ group: 'apps', kind: 'Deployment', managedFieldsManagers: ['greenlight'] }]
      })
    ]
  ])('%s: %s', (_, expected, object) => {
    expect(verdict(scaled(), object)).toBe(expected)
  })

  it('is silent where Git does not say it', () => {
    const { replicas: _, ...spec } = workload().spec
    const unsized = { ...workload(), spec }
    const kept = withMetadata(workload(), {
      annotations: { [TRACKING]: 'shop:apps/Deployment:shop/web', [APPLIED]: JSON.stringify(unsized) }
    })
    expect(verdict(scaled(kept), live({ syncPolicy: healing }))).toBe('nothing')
  })

  it.each<[string, readonly Managed[]]>([
    ['fault', [managed('argocd-controller', 'Apply', { 'f:spec': { 'f:replicas': {} } })]],
    ['nothing', [managed('argocd-controller', 'Apply', { 'f:spec': {} })]],
    [
      'warning',
      [
        managed('argocd-controller', 'Apply', { 'f:spec': {} }),
        managed('greenlight', 'Update', { 'f:spec': { 'f:replicas': {} } })
      ]
    ]
  ])('by server-side apply goes by the owner of the field: %s', (expected, managedFields) => {
    const kept = withMetadata(workload(), {
      annotations: { [TRACKING]: 'shop:apps/Deployment:shop/web' },
      managedFields
    })
    expect(verdict(scaled(kept), live({ syncPolicy: healing }))).toBe(expected)
  })
})

describe('Argo CD, about the selector of a Service', () => {
  const selecting = (object: KubernetesObject, ...becomes: Labels[]): Edit => ({
    object,
    field: '/spec/selector',
    becomes
  })
  const green = { app: 'web', 'greenlight.dev/slot': 'green' }

  it.each<[string, string, Labels, Labels[]]>([
    ['leaves pairs alone that are not in Git', 'nothing', { app: 'web' }, [green]],
    ['heals a pair that is', 'fault', { app: 'web', version: 'blue' }, [{ app: 'web', version: 'green' }]],
    ['heals a pair that is missing', 'fault', { app: 'web', version: 'blue' }, [green]],
    ['heals when one of all that it becomes differs', 'fault', { app: 'web' }, [green, {}]]
  ])('%s: %s', (_, expected, inGit, becomes) => {
    expect(verdict(selecting(tracked(service(inGit)), ...becomes), live({ syncPolicy: healing }))).toBe(
      expected
    )
  })

  it('heals any change of it when it applies on the server, where it is one field', () => {
    const kept = withMetadata(service(), {
      labels: { [INSTANCE]: 'shop' },
      managedFields: [managed('argocd-controller', 'Apply', { 'f:spec': { 'f:selector': {} } })]
    })
    expect(verdict(selecting(kept, green), live({ syncPolicy: healing }))).toBe('fault')
  })
})

const kept = (
  group: 'kustomize' | 'helm',
  fields: object = { 'f:spec': { 'f:replicas': {} } },
  ...others: Managed[]
): Deployment =>
  withMetadata(workload(), {
    labels: flux(group),
    managedFields: [managed(`${group}-controller`, group === 'helm' ? 'Update' : 'Apply', fields), ...others]
  })
const rule = (more: object = {}) => ({ paths: ['/spec/replicas'], ...more })

describe('Flux, about the size of a Deployment', () => {
  it.each<[string, string, Deployment, GitOpsObject | undefined]>([
    ['that a Kustomization applies', 'fault', kept('kustomize'), live({})],
    ['that it applies, for all that can be read', 'fault', kept('kustomize'), undefined],
    ['that it does not have', 'nothing', kept('kustomize', { 'f:spec': {} }), live({})],
    [
      'that we have written since',
      'warning',
      kept('kustomize', {}, managed('greenlight', 'Update', { 'f:spec': { 'f:replicas': {} } })),
      live({})
    ],
    ['that it applies no more', 'nothing', kept('kustomize'), live({ suspend: true })],
    ['that it ignores', 'nothing', kept('kustomize'), live({ ignore: [rule()] })],
    [
      'that it ignores elsewhere',
      'fault',
      kept('kustomize'),
      live({ ignore: [rule({ target: { kind: 'Deployment', name: 'api' } })] })
    ],
    ['that a chart has', 'warning', kept('helm'), live({})],
    ['that a chart has, for all that can be read', 'warning', kept('helm'), undefined],
    ['whose drift is only told', 'warning', kept('helm'), live({ driftDetection: { mode: 'warn' } })],
    ['whose drift is corrected', 'fault', kept('helm'), live({ driftDetection: { mode: 'enabled' } })],
    [
      'whose drift is ignored',
      'nothing',
      kept('helm'),
      live({ driftDetection: { mode: 'enabled', ignore: [rule({ target: { kind: 'Deployment' } })] } })
    ],
    ['that is suspended', 'nothing', kept('helm'), live({ suspend: true })]
  ])('%s: %s', (_, expected, deployment, object) => {
    expect(verdict(scaled(deployment), object)).toBe(expected)
  })
})

describe('who would revert what, and the lines to add, are named', () => {
  const edits: readonly Edit[] = [
    scaled(),
    { object: tracked(workload()), field: '/spec/template' },
    {
      object: tracked(service({ version: 'blue' })),
      field: '/spec/selector',
      becomes: [{ version: 'green' }]
    }
  ]

  it('of Argo CD', () => {
    const owner = { kind: 'Application', name: 'shop', namespace: 'argocd' } as const
    expect(judgeOwner(owner, live({ syncPolicy: healing }), edits).faults).toEqual([
      {
        input: 'workload',
        problem:
          'Application shop of Argo CD has selfHeal and would revert the release in seconds: in Git it has /spec/replicas of deployment/web, /spec/template of deployment/web, /spec/selector of service/web',
        example:
          'spec.ignoreDifferences: [{group: apps, kind: Deployment, name: web, jsonPointers: [/spec/replicas, /spec/template]}, {group: "", kind: Service, name: web, jsonPointers: [/spec/selector]}] and spec.syncPolicy.syncOptions: [RespectIgnoreDifferences=true] in it'
      }
    ])
  })

  it.each<['kustomize' | 'helm', string, string]>([
    [
      'kustomize',
      'Kustomization apps of Flux (namespace flux-system) would revert the release at its next interval: it applies /spec/replicas of deployment/web',
      'kubectl -n shop annotate deployment/web kustomize.toolkit.fluxcd.io/reconcile=disabled, and the same annotation in Git'
    ],
    [
      'helm',
      'HelmRelease apps of Flux (namespace flux-system) corrects drift and would revert the release at its next interval: its chart has /spec/replicas of deployment/web',
      'spec.driftDetection.ignore: [{paths: [/spec/replicas], target: {kind: Deployment, name: web}}] in it'
    ]
  ])('of Flux by %s', (group, problem, example) => {
    const edit = scaled(kept(group))
    const owner = gitOpsOwnerOf(edit.object)
    if (owner === undefined) throw new Error('nobody keeps it')
    const { faults } = judgeOwner(owner, live({ driftDetection: { mode: 'enabled' } }), [edit])
    expect(faults).toEqual([{ input: 'workload', problem, example }])
  })
})
