import { distinct, need } from '../../kubernetes/needs.ts'
import { treeAt } from '../../kubernetes/read.ts'
import { REPLICA_SET } from '../../kubernetes/workload.ts'
import { isTree } from '../../kubernetes/tree.ts'
import type { Engine, Seen, Side } from '../engine.ts'
import { analysesOf } from './analyses.ts'
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  entrancesOf,
  GROUP,
  HASH_LABEL,
  ROLLOUT,
  statusOf,
  workloadRefOf
} from './objects.ts'
import { exposure } from './exposure.ts'
import { lint } from './lint.ts'
import { refersTo } from './references.ts'
import { problem } from './problem.ts'
import { sharesOf } from './shares.ts'
import { shortcuts } from './shortcuts.ts'
import { stateOf } from './state.ts'
import { describeSteps } from './steps.ts'
import { versionsOf } from './versions.ts'
import {
  bring,
  nudge,
  hasten,
  holderOf,
  proceed,
  revert,
  templateOf,
  veto,
  wishOf,
  withTemplate
} from './writes.ts'

/** Milliseconds for which it may leave a change of its object alone. */
const BLIND = 30_000

const LOOK = distinct([
  ...need(GROUP, 'rollouts', 'get'),
  ...need(GROUP, 'analysisruns', 'list'),
  ...need(GROUP, 'analysistemplates', 'get'),
  ...need('apps', 'deployments', 'get'),
  ...need('apps', 'replicasets', 'list')
])

/** A Rollout of Argo Rollouts. */
export const rolloutEngine: Engine = {
  kind: 'rollout',
  title: 'Argo Rollouts',
  object: ROLLOUT,
  plural: 'rollouts',
  made: [REPLICA_SET, ANALYSIS_RUN],
  measures: ANALYSIS_TEMPLATE,
  needs: {
    look: LOOK,
    release: [
      ...need(GROUP, 'rollouts', 'list', 'watch', 'patch'),
      ...need(GROUP, 'rollouts/status', 'patch'),
      ...need('apps', 'replicasets', 'watch')
    ],
    object: [],
    target: need('apps', 'deployments', 'list', 'watch', 'patch'),
    beside: need(GROUP, 'analysistemplates', 'create', 'patch')
  },
  concerns: ({ object }, other) =>
    other.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) === true,
  calls: () => [],
  patience: () => BLIND,
  target(object) {
    const ref = workloadRefOf(object)
    if (ref?.kind !== 'Deployment') return undefined
    const { namespace } = object.metadata
    return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: ref.name }
  },
  serving: () => undefined,
  template: templateOf,
  wish: wishOf,
  noted: () => undefined,
  withTemplate,
  problem,
  refersTo,
  lint,
  shortcuts,
  exposure,
  state: stateOf,
  versions: versionsOf,
  analyses: analysesOf,
  entrances: entrancesOf,
  steps: describeSteps,
  shares: sharesOf,
  said: () => undefined,
  bring,
  proceed,
  passed: () => [],
  lapse: () => [],
  resume: () => [],
  settle: () => [],
  hasten,
  veto,
  endsPods: false,
  course: () => 0,
  hears: () => true,
  nudge,
  revert,
  pods,
  left: podsOf
}

/** At rest all pods are of one version, the old one. */
function pods(seen: Seen, side: Side): ReturnType<Engine['pods']> {
  const { current, stable } = statusOf(seen.object)
  const hash = side === 'new' ? current : stable
  return side === 'new' && current === stable ? undefined : podsOf(seen, hash)
}

function podsOf(seen: Seen, hash: string): ReturnType<Engine['pods']> {
  if (hash === '') return undefined
  const labels = Object.fromEntries(
    Object.entries(selectorOf(seen)).filter(([, value]) => typeof value === 'string')
  ) as Record<string, string>
  return {
    labels: { ...labels, [HASH_LABEL]: hash },
    owner: { kind: 'ReplicaSet', name: `${seen.object.metadata.name}-${hash}` }
  }
}

/** A Rollout with a `workloadRef` need not have one of its own. */
function selectorOf(seen: Seen): Readonly<Record<string, unknown>> {
  const own = treeAt(seen.object, 'spec', 'selector', 'matchLabels')
  const found = treeAt(holderOf(seen), 'spec', 'selector', 'matchLabels')
  return isTree(own) && Object.keys(own).length > 0 ? own : found
}
