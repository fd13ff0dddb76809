import { NO_FINDINGS, type Fault, type Findings } from '../base/errors.ts'
import type { MeasuredVersion } from '../checks/measured-version.ts'
import type { Need, Sampler } from '../checks/sampler.ts'
import type { Inputs } from '../inputs/inputs.ts'
import { printSmokeTest } from '../inputs/smoke-test.ts'
import type { ClusterPorts } from '../kubernetes/cluster.ts'
import type { Driven } from '../observe/driven.ts'
import { courseOf } from '../plan/driven-course.ts'
import type { Wished } from '../plan/driven-wish.ts'
import { isScrapedAlike } from '../plan/scraping.ts'
import { foresee, type Foresight } from './foresee.ts'

/** A release that a controller is to carry out, as far as its checks are concerned. */
export interface DrivenCandidate {
  readonly driven: Driven
  readonly wished: Pick<Wished, 'asked' | 'wish'>
  readonly inputs: Inputs
  /** Id of the release. */
  readonly release: string
  readonly sampler: Sampler | undefined
  /** The version that serves. */
  readonly stable: MeasuredVersion | undefined
}

/** Tries every check on the version that serves. */
export async function tryChecks(
  candidate: DrivenCandidate,
  ports: ClusterPorts,
  signal: AbortSignal
): Promise<Findings> {
  const { sampler, stable } = candidate
  if (sampler === undefined || stable === undefined) return NO_FINDINGS
  return sampler.preflight(stable, signal, needIn(candidate, ports))
}

/** Without a load line, the first measurements are taken when users are on the new version already. */
function needIn({ driven, wished, inputs }: DrivenCandidate, { log }: ClusterPorts): Need | undefined {
  const isMeasuredFirst = inputs.smokeTests.some(({ kind }) => kind === 'load')
  if (inputs.onNoData !== 'fail' || isMeasuredFirst) return undefined
  const { engine, seen } = driven
  const [live, asked] = [engine.template(seen), engine.template(wished.asked)]
  return {
    alike: live !== undefined && asked !== undefined && isScrapedAlike(live, asked),
    tell: (text) => {
      log.line(text)
    }
  }
}

/** What the comparison with the version that serves can find by the shares that the object names. */
export async function foreseeDriven(
  { driven, wished, inputs, release, sampler, stable }: DrivenCandidate,
  signal: AbortSignal
): Promise<Foresight> {
  const { engine, seen, state } = driven
  if (stable === undefined) return { warnings: [] }
  const old = engine.versions(seen).find(({ hash }) => hash === state.stable)
  const steps = courseOf(engine.shares(wished.asked.object), inputs)
  const shareOf = ({ weight }: { readonly weight: number }): number => weight / 100
  return foresee({ release, stable, inputs, steps, shareOf, pods: old?.replicas ?? 1 }, sampler, signal)
}

/** A load is for pods that nobody is on: where the controller brings users at once, there are none. */
export function loadFaults(
  { engine, workload }: Driven,
  { asked }: Pick<Wished, 'asked'>,
  inputs: Inputs
): readonly Fault[] {
  const load = inputs.smokeTests.find(({ kind }) => kind === 'load')
  // What is told without any tests, as that nobody can veto it, says nothing of when users come.
  const others = engine.exposure(asked.object, false)
  const why = engine.exposure(asked.object, true).find((one) => !others.includes(one))
  return load === undefined || why === undefined
    ? []
    : [
        {
          input: 'smoke-tests',
          problem: `${printSmokeTest(load)} is a load for pods without users, and ${engine.kind}/${workload} gives new pods users at once: ${why}`,
          example: 'no such line, or a pause before the first users'
        }
      ]
}
