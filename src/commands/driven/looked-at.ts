import { emptyOutcome } from '../../domain/empty-outcome.ts'
import type { DrivenBy, Outcome, Version } from '../../domain/outcome.ts'
import type { EngineVersion } from '../../engines/engine.ts'
import type { Driven } from '../../observe/driven.ts'
import type { PostInvocation } from '../invocation.ts'

/** What is known of a workload that a controller releases, when a run ends without having changed anything. */
export function lookedAtDriven(driven: Driven, { inputs, origin, ports }: PostInvocation): Outcome {
  const { namespace, workload, engine, seen, state } = driven
  const { old, coming } = rolesOf(driven)
  const weight = 'weight' in state ? state.weight.now : 0
  const serving = weight === 100 ? (coming ?? old) : old
  const shown = serving && versionOf(serving, 'stable', driven)
  return {
    ...emptyOutcome(inputs.command, origin, ports.clock.now()),
    result: 'unchanged',
    namespace,
    workload,
    route: engine.entrances(seen.object).join(', '),
    ...(shown && { serving: shown }),
    ...(serving && { ready: serving.ready }),
    ...(coming && coming !== serving ? { canary: versionOf(coming, 'canary', driven) } : {}),
    weight: coming === undefined || serving === coming ? 0 : weight,
    driven: drivenBy(driven)
  }
}

/** The version that served last, and the one that is released, if that is another one. */
function rolesOf({ engine, seen, state }: Driven): {
  readonly old: EngineVersion | undefined
  readonly coming: EngineVersion | undefined
} {
  const versions = engine.versions(seen)
  const of = (hash: string): EngineVersion | undefined => versions.find((version) => version.hash === hash)
  return { old: of(state.stable), coming: state.wished === state.stable ? undefined : of(state.wished) }
}

const versionOf = (
  { hash, images, replicas }: EngineVersion,
  slot: string,
  { workload }: Driven
): Version => ({ slot, deployment: workload, hash, images, replicas })

const drivenBy = ({ engine, seen, state }: Driven): DrivenBy => ({
  title: engine.title,
  object: `${engine.kind}/${seen.object.metadata.name}`,
  state,
  steps: engine.steps(seen.object),
  analyses: engine.analyses(seen, state.wished)
})
