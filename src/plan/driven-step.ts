import { counted } from '../base/counted.ts'
import { formatDuration } from '../base/duration.ts'
import type { Engine } from '../engines/engine.ts'
import { gateTime } from '../inputs/gates.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'

/** What a release of a driven workload does, in order. */
export type DrivenStep =
  | { readonly kind: 'begin' }
  | { readonly kind: 'apply'; readonly manifest: Manifest }
  /** @property known it has served before */
  | { readonly kind: 'bring'; readonly known?: true }
  /** Lets it take everything at once, and waits until it has. */
  | { readonly kind: 'hasten' }
  /** Says yes at the gate that it waits at. */
  | { readonly kind: 'proceed' }
  | { readonly kind: 'await-pods' }
  | { readonly kind: 'smoke'; readonly tests: number }
  /** Until the controller says that it is done: gates, watching. */
  | { readonly kind: 'follow' }
  | { readonly kind: 'bake'; readonly duration: number }
  | { readonly kind: 'finish' }
  | { readonly kind: 'veto' }
  | { readonly kind: 'collect-evidence' }
  | { readonly kind: 'revert' }
  /** Notes that it was taken back. */
  | { readonly kind: 'close' }

/** The object, and what people call its controller. */
export interface DrivenNames {
  readonly object: string
  readonly controller: string
}

const TITLES: {
  readonly [Kind in DrivenStep['kind']]: (
    step: Extract<DrivenStep, { kind: Kind }>,
    names: DrivenNames
  ) => string
} = {
  begin: (_, { object }) => `Note the release of ${object}`,
  apply: ({ manifest: { object } }) => `Apply ${object.kind} ${object.metadata.name}`,
  bring: ({ known }, { object }) => `Bring the ${known === true ? 'earlier' : 'new'} version to ${object}`,
  hasten: (_, { controller }) => `Let ${controller} move all users there`,
  proceed: (_, { controller }) => `Let ${controller} go on`,
  'await-pods': () => 'Wait until pods of the new version are ready',
  smoke: ({ tests }) => `Run ${counted(tests, 'smoke test')} on every new pod`,
  follow: (_, { controller }) => `Watch while ${controller} moves the users`,
  bake: ({ duration }) =>
    duration === 0
      ? 'Watch with all traffic on it until every check has passed'
      : `Watch with all traffic on it for ${formatDuration(duration)}`,
  finish: () => 'Finish the release',
  veto: (_, { controller }) => `Let ${controller} put the old version back`,
  'collect-evidence': () => 'Collect events and logs of the new pods',
  revert: (_, { object }) => `Bring the version of before back to ${object}`,
  close: () => 'Note that it was taken back'
}

export const describeDriven = (step: DrivenStep, names: DrivenNames): string =>
  (TITLES[step.kind] as (step: DrivenStep, names: DrivenNames) => string)(step, names)

/** The plan of every release that a controller carries out. */
export const planDriven = (
  inputs: Pick<Inputs, 'smokeTests' | 'bake' | 'checks'>,
  first: readonly Manifest[]
): readonly DrivenStep[] => [
  { kind: 'begin' },
  ...first.map((manifest) => ({ kind: 'apply', manifest }) as const),
  { kind: 'bring' },
  ...planTests(inputs),
  { kind: 'follow' },
  ...planEnd(inputs)
]

/** A release that has waited goes on. Its pods may be others by now. */
export const planProceed = (
  inputs: Pick<Inputs, 'smokeTests' | 'bake' | 'checks'>
): readonly DrivenStep[] => [
  ...(inputs.smokeTests.length === 0 ? [] : planTests(inputs)),
  { kind: 'proceed' },
  { kind: 'follow' },
  ...planEnd(inputs)
]

const planTests = ({ smokeTests }: Pick<Inputs, 'smokeTests'>): readonly DrivenStep[] => [
  { kind: 'await-pods' },
  ...(smokeTests.length === 0 ? [] : [{ kind: 'smoke', tests: smokeTests.length } as const])
]

/** No release is good unseen: with checks, at least one round of them has to pass. */
const planEnd = ({ bake, checks }: Pick<Inputs, 'bake' | 'checks'>): readonly DrivenStep[] => [
  ...(bake === 0 && checks.length === 0 ? [] : [{ kind: 'bake', duration: bake } as const]),
  { kind: 'finish' }
]

/** Without tests and steps: the version has served before, and a person has asked for it. */
export const PLAN_OF_RETURN: readonly DrivenStep[] = [
  { kind: 'begin' },
  { kind: 'bring', known: true },
  { kind: 'hasten' },
  { kind: 'finish' }
]

/** A release that nobody has followed for a time: the pods that came meanwhile are tested first. */
export const planFollow = (inputs: Pick<Inputs, 'smokeTests' | 'bake' | 'checks'>): readonly DrivenStep[] => [
  ...planTests(inputs),
  { kind: 'follow' },
  ...planEnd(inputs)
]

/** What becomes of a release that fails: first the users, unless a moment later nobody could ask its pods. */
export const planOfVeto = ({ endsPods }: Pick<Engine, 'endsPods'>): readonly DrivenStep[] =>
  endsPods
    ? [{ kind: 'collect-evidence' }, { kind: 'veto' }]
    : [{ kind: 'veto' }, { kind: 'collect-evidence' }]
/** And then what it has brought. */
export const PLAN_OF_REVERT: readonly DrivenStep[] = [{ kind: 'revert' }, { kind: 'close' }]

/** In words, with the controller's own steps where they come. */
export const previewDriven = (
  steps: readonly DrivenStep[],
  engine: Engine,
  own: readonly string[],
  { object, gates }: { readonly object: string; readonly gates: string | undefined }
): readonly string[] =>
  steps.flatMap((step) => {
    const title = describeDriven(step, { object, controller: engine.title })
    if (step.kind !== 'follow') return [title]
    return [title, ...own.map((one) => `${engine.title}: ${one}`), ...(gates === undefined ? [] : [gates])]
  })

/** Who says yes at a pause; undefined where that is a person. */
export const describeGates = (inputs: Pick<Inputs, 'gates' | 'bake'>): string | undefined =>
  inputs.gates.kind === 'checks'
    ? `At a pause without a duration: go on once every check has passed for ${formatDuration(gateTime(inputs))}`
    : undefined
