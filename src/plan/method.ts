import type { Fault } from '../base/errors.ts'
import type { Version } from '../domain/outcome.ts'
import type { InPlace, Release } from '../domain/record.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import type { Observed } from '../observe/observed.ts'
import type { ReleaseOrigin } from './begin-release.ts'
import { demandBeside, demandInPlace, type Demand, type Wanted } from './demand.ts'
import { demandOfFirst, planAfterWithdrawal, planFirst } from './first-steps.ts'
import { inputsOfFirst, prepareFirst } from './first.ts'
import { planAfterUndo, planInPlace } from './in-place.ts'
import { prepareInPlace } from './prepare-in-place.ts'
import { prepare, type Prepared } from './prepare.ts'
import { planProgressive, planRemoval } from './progressive.ts'
import type { Step } from './step.ts'

/** How a new version comes to serve: all that a release plans in its own way. */
export interface Method {
  readonly name: 'beside' | 'in place' | 'first'
  /** Those of the inputs that it minds. */
  readonly inputs: (inputs: Inputs) => Inputs
  /** Turns inputs and what was observed into a release. @returns faults instead, when it could not work */
  readonly prepare: (
    inputs: Inputs,
    observed: Observed,
    manifests: readonly Manifest[],
    origin: ReleaseOrigin
  ) => Prepared | readonly Fault[]
  /** @param drain milliseconds that the routes need */
  readonly plan: (prepared: Prepared, inputs: Inputs, drain: number) => readonly Step[]
  /** The part of the way back that users feel: stable has the traffic again after it. */
  readonly restoring: readonly Step[]
  /**
   * The part of it that can wait. Needs nothing but the record, so that any later run can do it.
   * @param drain milliseconds between the last request to the canary and the end of its pods
   */
  readonly planTidy: (release: Release, drain: number) => readonly Step[]
  readonly demand: (wanted: Wanted, observed: Observed) => Demand
  /** The Services and routes that it writes. */
  readonly movesTrafficOn: (observed: Observed) => readonly KubernetesObject[]
  /** Versions that it can only bring back from their ReplicaSets. */
  readonly bringsBack: (release: Release) => readonly Version[]
  /** Whether a release may end a run and go on in another one. */
  readonly canWait: boolean
  /** How it writes the Deployment, which decides the rights that it needs. */
  readonly verb: 'patch' | 'replace'
}

const wantedBy = ({ checks, smokeTests, bake }: Inputs) => ({
  checks: checks.length > 0,
  smokeTests: smokeTests.length > 0,
  bake
})

/** Blue-green and canary: the new version gets pods of its own, and the traffic is moved to them. */
const beside: Method = {
  name: 'beside',
  inputs: (inputs) => inputs,
  prepare,
  plan: ({ release, ...prepared }, inputs, drain) =>
    planProgressive({ ...prepared, ...wantedBy(inputs), previous: inputs.previous, drain }, release),
  restoring: [{ kind: 'ensure-stable' }, { kind: 'restore' }],
  planTidy: planRemoval,
  demand: demandBeside,
  movesTrafficOn: ({ service, companions, routes }) => [
    service,
    ...companions,
    ...routes.map(({ object }) => object)
  ],
  bringsBack: () => [],
  canWait: true,
  verb: 'patch'
}

/** Rolling and recreate: the Deployment that serves gets the new template, and its controller replaces the pods. */
const inPlace = (strategy: InPlace): Method => ({
  name: 'in place',
  inputs: (inputs) => inputs,
  prepare: (inputs, observed, manifests, origin) =>
    prepareInPlace({ ...inputs, strategy }, observed, manifests, origin),
  plan: (prepared, inputs) => planInPlace({ ...prepared, ...wantedBy(inputs) }),
  restoring: [{ kind: 'undo' }],
  planTidy: planAfterUndo,
  demand: demandInPlace,
  movesTrafficOn: () => [],
  bringsBack: ({ stable }) => [stable],
  canWait: false,
  verb: 'replace'
})

/** A first installation, whatever the strategy: nobody serves, so there is nothing to be beside or in the place of. */
const first: Method = {
  name: 'first',
  inputs: inputsOfFirst,
  prepare: prepareFirst,
  plan: (prepared, inputs) => planFirst({ ...prepared, ...wantedBy(inputs) }),
  restoring: [{ kind: 'withdraw' }],
  planTidy: planAfterWithdrawal,
  demand: demandOfFirst,
  movesTrafficOn: ({ service, companions }) =>
    [service, ...companions].filter(({ metadata }) => metadata.resourceVersion !== undefined),
  bringsBack: () => [],
  canWait: false,
  verb: 'patch'
}

const methods: Readonly<Record<Inputs['strategy'], Method>> = {
  'blue-green': beside,
  canary: beside,
  rolling: inPlace('rolling'),
  recreate: inPlace('recreate')
}

export const methodFor = (strategy: Inputs['strategy'], observed: Pick<Observed, 'first'> = {}): Method =>
  observed.first === true ? first : methods[strategy]

/** That of a release on record, which names a strategy only where pods are replaced in place. */
export const methodOf = (release: Pick<Release, 'strategy' | 'first'>): Method =>
  methodFor(release.strategy ?? 'canary', release)
