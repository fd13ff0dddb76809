import { describe, expect, it } from '@jest/globals'
import { parseManifests, type Manifest } from '../../../src/kubernetes/manifests.ts'
import type { Occasion } from '../../../src/plan/hook-moments.ts'
import { withoutHooks } from '../../../src/plan/hooks.ts'
import { manifest } from '../../support/memory/shop.ts'

const hook = (kind: string, annotations: Readonly<Record<string, string>>, name = 'web-task'): Manifest =>
  manifest({
    apiVersion: { Job: 'batch/v1', Deployment: 'apps/v1' }[kind] ?? 'v1',
    kind,
    metadata: { name, annotations }
  })

const ARGO = 'argocd.argoproj.io/hook'

const helm = (kind: string, moments: string, more: Readonly<Record<string, string>> = {}): Manifest =>
  hook(kind, { 'helm.sh/hook': moments, ...more })

/** What becomes of one object. */
function fateOf(one: Manifest, occasion?: Occasion): 'applied' | 'refused' | 'left out' | 'missed' {
  const { manifests, faults, warnings, notes } = withoutHooks([one], { workload: 'web' }, occasion)
  expect(manifests.length + faults.length + warnings.length + notes.length).toBe(1)
  if (manifests.length === 1) return 'applied'
  if (faults.length === 1) return 'refused'
  return notes.length === 1 ? 'left out' : 'missed'
}

describe('hooks in rendered manifests', () => {
  it.each([
    'pre-delete',
    'post-delete',
    'pre-rollback',
    'post-rollback',
    'test',
    'test-success',
    'test-failure',
    'post-install',
    'pre-install',
    'crd-install',
    ' Post-Delete , pre-rollback '
  ])('are left out where an upgrade leaves them out, without a warning: %j', (moments) => {
    for (const kind of ['Job', 'Pod', 'ConfigMap', 'ServiceAccount'])
      expect(fateOf(helm(kind, moments))).toBe('left out')
  })

  it.each(['post-upgrade', 'post-install,post-upgrade', 'no-such-moment', ''])(
    'are left out with a warning where an upgrade would have them, or might: %j',
    (moments) => {
      for (const kind of ['Pod', 'ConfigMap', 'ServiceAccount'])
        expect(fateOf(helm(kind, moments))).toBe('missed')
      expect(fateOf(helm('Job', moments))).toBe(moments.includes('upgrade') ? 'applied' : 'missed')
    }
  )

  it.each([
    ['pre-install', 'applied'],
    ['post-install', 'applied'],
    ['pre-install,pre-upgrade', 'applied'],
    ['PreSync', 'applied'],
    ['pre-upgrade', 'left out'],
    ['post-upgrade', 'left out'],
    ['test', 'left out']
  ])('are those of a first release, where it is one: %s', (moments, fate) => {
    const one = moments === 'PreSync' ? hook('Job', { [ARGO]: moments }) : helm('Job', moments)
    expect(fateOf(one, 'installation')).toBe(fate)
  })

  it.each([
    'pre-upgrade',
    'pre-install,pre-upgrade',
    'pre-upgrade,post-delete',
    'post-install, PRE-UPGRADE '
  ])('are kept to be run before the new version, if they are Jobs: %j', (moments) => {
    expect(fateOf(helm('Job', moments))).toBe('applied')
    expect(fateOf(helm('Pod', moments))).toBe('refused')
  })

  it('are applied for the Jobs that may need them, although they are for these alone', () => {
    const transient = { 'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded' }
    const applied = (...given: readonly Manifest[]): readonly string[] =>
      withoutHooks(given, { workload: 'web' }).manifests.map(({ object }) => object.kind)
    const before = helm('ServiceAccount', 'pre-upgrade', transient)
    const after = helm('ConfigMap', 'post-upgrade', transient)
    const dashboard = helm('Ingress', 'post-upgrade')
    expect(applied(before, after, dashboard)).toEqual([])
    expect(applied(before, after, dashboard, helm('Job', 'pre-upgrade'))).toEqual(['ServiceAccount', 'Job'])
    expect(applied(before, after, dashboard, helm('Job', 'post-upgrade'))).toEqual([
      'ServiceAccount',
      'ConfigMap',
      'Job'
    ])
  })

  it('are applied where they are there before the new version, and stay', () => {
    for (const kind of ['ConfigMap', 'Secret', 'ServiceAccount'])
      expect(fateOf(helm(kind, 'pre-install,pre-upgrade'))).toBe('applied')
    const transient = { 'helm.sh/hook-delete-policy': 'before-hook-creation, hook-succeeded' }
    expect(fateOf(helm('ConfigMap', 'pre-upgrade', transient))).toBe('left out')
  })

  it.each([
    ['PreSync', 'applied'],
    ['PreSync,PostSync', 'applied'],
    ['Sync', 'applied'],
    ['PostSync', 'applied'],
    ['SyncFail', 'left out'],
    ['PostDelete', 'left out'],
    ['Skip', 'left out']
  ])('of Argo CD are taken by their moment, too: %s', (moments, fate) => {
    expect(fateOf(hook('Job', { 'argocd.argoproj.io/hook': moments }))).toBe(fate)
  })

  it.each(['Pod', 'Workflow', 'PipelineRun', 'TaskRun'])(
    'are refused before the new version, if something else than a Job is to run: %s',
    (kind) => {
      expect(fateOf(hook(kind, { 'argocd.argoproj.io/hook': 'PreSync' }))).toBe('refused')
    }
  )

  it.each([
    ['PreSync', 'applied'],
    ['PostSync', 'applied'],
    ['SyncFail', 'left out']
  ])('may have no more than the beginning of a name: %s', (moment, fate) => {
    const text = `apiVersion: batch/v1
kind: Job
metadata:
  generateName: migrate-
  annotations: {argocd.argoproj.io/hook: ${moment}}
`
    const [read] = parseManifests(text, 'k8s/web.yaml').manifests
    expect(read?.object.metadata.name).toBe('migrate-')
    expect(read && fateOf(read)).toBe(fate)
  })

  it('have the strictest of what both say', () => {
    const both = { 'helm.sh/hook': 'post-upgrade', 'argocd.argoproj.io/hook': 'PreSync' }
    expect(fateOf(hook('Pod', both))).toBe('refused')
  })

  it('leave alone what has none, whatever else Helm has written on it', () => {
    expect(fateOf(hook('Job', { 'helm.sh/resource-policy': 'keep', 'helm.sh/hook-weight': '1' }))).toBe(
      'applied'
    )
    expect(fateOf(manifest({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'web' } }))).toBe(
      'applied'
    )
  })

  it('are refused as the workload itself', () => {
    for (const moments of ['pre-upgrade', 'post-install', 'test']) {
      const { faults, warnings } = withoutHooks([hook('Deployment', { 'helm.sh/hook': moments }, 'web')], {
        workload: 'web'
      })
      expect(faults.map(({ problem }) => problem)).toEqual([
        `k8s/web.yaml, line 1: Deployment web is the workload itself, and a hook (helm.sh/hook: ${moments}): it would be no part of a release`
      ])
      expect(warnings).toEqual([])
    }
  })

  it('are told by object and annotation, with what to do', () => {
    const { faults } = withoutHooks([helm('Pod', 'pre-install,pre-upgrade')], { workload: 'web' })
    expect(faults).toEqual([
      {
        input: 'manifests',
        problem:
          'k8s/web.yaml, line 1: Pod web-task is a hook (helm.sh/hook: pre-install,pre-upgrade) that has to be done before the new version starts, and a release runs Jobs only',
        example:
          'a Job that does the same; or run it in a step before this one, and leave it out here: helm template --no-hooks'
      }
    ])
    const told = (one: Manifest): string => {
      const { warnings, notes } = withoutHooks([one], { workload: 'web' })
      return [...warnings, ...notes].join()
    }
    expect(told(helm('Pod', 'test'))).toBe(
      'k8s/web.yaml, line 1: Pod web-task is a hook (helm.sh/hook: test) and is not applied, as in an upgrade'
    )
    expect(told(helm('Pod', 'post-upgrade'))).toContain('of what comes after a release only Jobs are run')
    expect(told(helm('Job', 'no-such-moment'))).toContain('--no-hooks')
  })
})
