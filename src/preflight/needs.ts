import { isUnfinished, type Release } from '../domain/record.ts'
import type { SmokeTest } from '../inputs/smoke-test.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import { distinct, need } from '../kubernetes/needs.ts'
import type { Service } from '../kubernetes/objects.ts'
import type { Right } from '../kubernetes/rights.ts'
import { OBSERVE_NEEDS } from '../observe/needs.ts'
import { methodOf } from '../plan/method.ts'
import { planPromotion } from '../plan/progressive.ts'
import type { Step } from '../plan/step.ts'
import type { Route } from '../routes/route.ts'

/** What somebody means to do. */
export interface Intent {
  readonly steps: readonly Step[]
  readonly routes: readonly Pick<Route, 'needs'>[]
  readonly smokeTests?: readonly SmokeTest[]
  /** Services that exist in the namespace. */
  readonly services?: readonly Service[]
}

/** Templates of versions: what there is to go back to, or to go on with. */
export const TEMPLATE_NEEDS = need('apps', 'replicasets', 'get', 'list')

/** What `status` reads. */
export const STATUS_NEEDS: readonly Right[] = [...OBSERVE_NEEDS, ...need('apps', 'replicasets', 'list')]

/** Removing copies of config that no version refers to any more. */
export const CONFIG_REMOVAL_NEEDS: readonly Right[] = [
  ...need('', 'configmaps', 'list', 'delete'),
  ...need('', 'secrets', 'list', 'delete'),
  ...need('apps', 'deployments', 'list'),
  ...need('apps', 'replicasets', 'list')
]

/** One release at a time. */
const LOCK = need('coordination.k8s.io', 'leases', 'get', 'create', 'update')

/** Writing the record with the traffic, and putting back what others make of it. */
const TRAFFIC = need('', 'services', 'get', 'list', 'watch', 'patch')
const ENDPOINTS = need('discovery.k8s.io', 'endpointslices', 'list', 'watch')
const PODS = need('', 'pods', 'list')
/** To see pods come up, or the reasons why they do not. */
const READINESS: readonly Right[] = [
  ...need('apps', 'deployments', 'list', 'watch'),
  ...need('', 'pods', 'list', 'watch'),
  ...need('', 'events', 'list')
]
/** To follow pods that run to their end, and what they print. */
const LISTENING: readonly Right[] = [
  ...need('', 'pods', 'list', 'watch'),
  ...need('', 'pods/log', 'get'),
  ...need('', 'events', 'list')
]
/** To patch is for ending one that cannot begin. */
const JOB_VERBS = ['get', 'list', 'watch', 'create', 'patch']
const inFile = (role: string, rights: readonly Right[]): readonly Right[] =>
  rights.map((right) => ({ ...right, role }))

const SCALING = need('apps', 'deployments', 'list', 'watch', 'patch')
const REWRITING = need('apps', 'deployments', 'get', 'update')

/** The guard of a first installation: a file of its own grants what it takes besides. */
export const INSTALL = 'role-install.yaml'

const needsByKind: Readonly<Record<Step['kind'], readonly Right[]>> = {
  // For most kinds the dry run tells which rights an object needs.
  apply: [],
  start: PODS,
  'await-ready': READINESS,
  'run-job': [...inFile('role-jobs.yaml', need('batch', 'jobs', ...JOB_VERBS)), ...LISTENING],
  'start-watchdog': inFile('role-watchdog.yaml', need('batch', 'jobs', 'list', 'create', 'delete')),
  'await-watchdog': LISTENING,
  'stop-watchdog': inFile('role-watchdog.yaml', need('batch', 'jobs', 'list', 'delete')),
  smoke: READINESS,
  'point-autoscaler': need('autoscaling', 'horizontalpodautoscalers', 'patch'),
  begin: [...TRAFFIC, ...need('apps', 'deployments', 'list', 'watch')],
  // Also where the Service exists: whoever may not create one has not been asked to install anything here.
  withhold: [...TRAFFIC, ...inFile(INSTALL, need('', 'services', 'create'))],
  withdraw: TRAFFIC,
  resize: [...need('apps', 'deployments', 'get', 'patch'), ...READINESS],
  'prepare-routes': [...ENDPOINTS, ...READINESS],
  shift: [...TRAFFIC, ...ENDPOINTS, ...READINESS],
  watch: need('', 'pods', 'list', 'watch'),
  wait: TRAFFIC,
  follow: [...TRAFFIC, ...ENDPOINTS, ...PODS],
  restore: TRAFFIC,
  'await-routes': [],
  'ensure-stable': [...need('apps', 'deployments', 'get', 'patch'), ...READINESS],
  'collect-evidence': [...PODS, ...need('', 'pods/log', 'get'), ...need('', 'events', 'list')],
  drain: [],
  'scale-down': SCALING,
  retire: SCALING,
  replace: [...TRAFFIC, ...REWRITING],
  'take-over': [...TRAFFIC, ...ENDPOINTS, ...READINESS],
  confirm: [...REWRITING, ...PODS],
  undo: [...TRAFFIC, ...REWRITING, ...need('apps', 'replicasets', 'get')],
  'await-undone': [...REWRITING, ...READINESS],
  finish: TRAFFIC,
  settle: TRAFFIC
}

/** The rights that this takes in the namespace of the workload, each once. What the manifests need besides is tried. */
export function needsOf({ steps, routes, smokeTests = [], services = [] }: Intent): readonly Right[] {
  return distinct([
    ...OBSERVE_NEEDS,
    ...LOCK,
    ...steps.flatMap((step) => [...needsByKind[step.kind], ...needsOfObject(step, services)]),
    ...routes.flatMap((route) => route.needs),
    ...smokeNeeds(smokeTests)
  ])
}

function needsOfObject(step: Step, services: readonly Service[]): readonly Right[] {
  if (step.kind === 'apply') return needsOfManifest(step.manifest, services)
  if (step.kind !== 'start') return []
  const { resourceVersion } = step.deployment.metadata
  // To find out whether a write with a lost answer has arrived, the same content is written again.
  const making = resourceVersion === undefined ? ['create', 'patch'] : []
  return need('apps', 'deployments', ...making, 'update')
}

/** Objects of the core group that plans apply; all others come from the user. */
const resources: Readonly<Record<string, string>> = {
  Service: 'services',
  ConfigMap: 'configmaps',
  Secret: 'secrets'
}

/** An existing Service is not created again. Config may be created whenever its content is new. */
function needsOfManifest({ object }: Manifest, services: readonly Service[]): readonly Right[] {
  const { apiVersion, kind, metadata } = object
  const resource = apiVersion === 'v1' ? resources[kind] : undefined
  if (resource === undefined || services.some((one) => one.metadata.namespace !== metadata.namespace))
    return []
  const exists = kind === 'Service' && services.some((one) => one.metadata.name === metadata.name)
  return need('', resource, 'patch', ...(exists ? [] : ['create']))
}

/** Verbs by which the API server authorises methods through its proxy. Requests with other methods use port-forwarding. */
const PROXY_VERBS: Readonly<Record<string, string>> = { GET: 'get', HEAD: 'get', POST: 'create' }

/** Both ways to the pods, before any user is on them, since one may be blocked. URLs are requested from the runner. */
export function smokeNeeds(tests: readonly SmokeTest[]): readonly Right[] {
  const onPods = tests.filter((test) => test.kind === 'command' || test.target.startsWith('/'))
  if (onPods.length === 0) return []
  const verbs = onPods.flatMap((test) => (test.kind === 'command' ? [] : (PROXY_VERBS[test.method] ?? [])))
  return [...need('', 'pods/portforward', 'get', 'create'), ...need('', 'pods/proxy', ...verbs)]
}

/** What puts stable back should any step of the release fail. */
export const wayBack = (release: Release): readonly Step[] => [
  ...methodOf(release).restoring,
  ...methodOf(release).planTidy(release, 0)
]

/** What ends a release that another run has left, whichever way it goes. */
export const wayOut = (release: Release): readonly Step[] => [
  ...wayBack(release),
  ...(isUnfinished(release) && release.phase === 'promoting'
    ? planPromotion({ previous: 'scale-down', bake: 0, drain: 0 }, release)
    : [])
]
