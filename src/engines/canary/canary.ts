import { distinct, need } from '../../kubernetes/needs.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { textAt } from '../../kubernetes/read.ts'
import { REPLICA_SET } from '../../kubernetes/workload.ts'
import type { Engine, Seen } from '../engine.ts'
import { analysesOf } from './analyses.ts'
import { exposure } from './exposure.ts'
import { isKept, testersOf } from './hooks.ts'
import { lint, refersTo } from './lint.ts'
import {
  CANARY,
  entrancesOf,
  GROUP,
  intervalOf,
  iterationsOf,
  METRIC_TEMPLATE,
  primaryRef,
  progressDeadlineOf,
  targetOf,
  targetRef,
  weightsOf
} from './objects.ts'
import { problem, said } from './problem.ts'
import { notedIn, stateOf } from './state.ts'
import { sharesOf } from './shares.ts'
import { describeSteps } from './steps.ts'
import { podsOf, replicaSetsOf, versionsOf } from './versions.ts'
import {
  bring,
  hasten,
  lapse,
  passed,
  proceed,
  resume,
  revert,
  settle,
  templateOf,
  veto,
  wishOf,
  withTemplate
} from './writes.ts'

const EVENT = { apiVersion: 'v1', kind: 'Event' } as const
/** Milliseconds besides its looks in which it does what it has seen. */
const WORK = 15_000

/** A Canary of Flagger, and the Deployment that is its target. */
export const canaryEngine: Engine = {
  kind: 'canary',
  title: 'Flagger',
  object: CANARY,
  plural: 'canaries',
  made: [CANARY, REPLICA_SET, EVENT],
  measures: METRIC_TEMPLATE,
  needs: {
    look: distinct([
      ...need(GROUP, 'canaries', 'get', 'list'),
      ...need(GROUP, 'metrictemplates', 'get'),
      ...need('apps', 'deployments', 'get'),
      ...need('apps', 'replicasets', 'list'),
      ...need('', 'events', 'list')
    ]),
    release: [...need(GROUP, 'canaries', 'watch'), ...need('apps', 'deployments', 'list', 'watch', 'patch')],
    object: need(GROUP, 'canaries', 'patch'),
    target: [],
    beside: need(GROUP, 'metrictemplates', 'create', 'patch')
  },
  concerns,
  calls: (object) => [...testersOf(object, 'gate'), ...testersOf(object, 'rollback')],
  patience: (object) => 2 * intervalOf(object) + WORK,
  target: targetRef,
  serving: primaryRef,
  template: templateOf,
  wish: wishOf,
  noted: ({ object }) => notedIn(object),
  withTemplate,
  problem,
  refersTo,
  lint,
  state: stateOf,
  versions: versionsOf,
  analyses: analysesOf,
  said,
  entrances: entrancesOf,
  steps: describeSteps,
  shortcuts: () => [],
  exposure,
  bring,
  proceed,
  passed,
  lapse,
  resume,
  settle,
  hasten,
  veto,
  course,
  endsPods: true,
  hears: (object) => isKept(object, 'rollback'),
  // It asks the API server at every look, so that nothing is overlooked.
  nudge: () => [],
  revert,
  shares: sharesOf,
  pods: podsOf,
  // They are replaced by those of the template of before.
  left: () => undefined
}

/** The looks before the first share, and from the copy to the end. */
const LOOKS = 8

/** Milliseconds of the longest job of a workflow: a deadline of years is how people write that there is none. */
const JOB = 21_600_000

/** With the time that pods may take to come up, twice. */
function course(object: KubernetesObject): number {
  const looks = LOOKS + weightsOf(object).length + 2 * iterationsOf(object)
  return Math.min(JOB, looks * intervalOf(object) + 2 * 1000 * progressDeadlineOf(object))
}

function concerns(seen: Seen, other: KubernetesObject): boolean {
  const { object } = seen
  if (other.kind === CANARY.kind) return targetOf(other).name === targetOf(object).name
  if (other.kind === REPLICA_SET.kind) return replicaSetsOf({ object, made: [other] }).length > 0
  const is = (key: string): string => textAt(other, 'involvedObject', key)
  return is('kind') === CANARY.kind && is('name') === object.metadata.name
}
