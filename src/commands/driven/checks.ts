import { ClusterError } from '../../base/errors.ts'
import { samplerFor, type Sampler } from '../../checks/sampler.ts'
import type { MeasuredVersion } from '../../checks/measured-version.ts'
import type { Foretold } from '../../domain/forecast.ts'
import { measuredServing } from '../../execute/driven/measured.ts'
import type { Driven } from '../../observe/driven.ts'
import type { Wished } from '../../plan/driven-wish.ts'
import { foreseeDriven, type DrivenCandidate } from '../../preflight/driven-checks.ts'
import { foretoldLines } from '../../report/forecast.ts'
import { enteredBy } from './entered.ts'
import type { DrivenInvocation } from './invocation.ts'

/** What is measured of a release, and was found before it. */
export interface Told {
  readonly warnings: readonly string[]
  readonly sampler: Sampler | undefined
  /** The version that serves; undefined where nothing is measured. */
  readonly stable: MeasuredVersion | undefined
  /** What the lines of `checks` that name stable can find. */
  readonly forecast?: Foretold
}

/** Tells what was found, with what the comparison can find, if there is anything to release. */
export async function tellOf(
  candidate: DrivenCandidate,
  found: readonly string[],
  isUnchanged: boolean,
  { ports: { log }, signal }: DrivenInvocation
): Promise<Told> {
  const { sampler, stable } = candidate
  const foreseen = isUnchanged ? undefined : await foreseeDriven(candidate, signal)
  const warnings = [...found, ...(foreseen?.warnings ?? [])]
  const { forecast } = foreseen ?? {}
  if (forecast !== undefined) log.quote(foretoldLines(forecast).join('\n'))
  for (const warning of warnings) log.warning(warning)
  return { warnings, sampler, stable, ...(forecast && { forecast }) }
}

/** What its checks are tried with. Where its pods cannot be read, the rights that lack tell why. */
export async function candidateOf(
  { inputs, origin, createSampler, ports }: DrivenInvocation,
  driven: Driven,
  wished: Wished
): Promise<DrivenCandidate> {
  const sampler = samplerFor(inputs, createSampler, [])
  const candidate = { driven, wished, inputs, release: origin.release, sampler }
  if (sampler === undefined) return { ...candidate, stable: undefined }
  try {
    const entered = await enteredBy(driven, ports)
    return { ...candidate, stable: await measuredServing(driven, entered, ports.cluster) }
  } catch (error) {
    if (error instanceof ClusterError && error.status === 403) return { ...candidate, stable: undefined }
    throw error
  }
}
