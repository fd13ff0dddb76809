import { formatDuration } from '../base/duration.ts'
import type { Fault } from '../base/errors.ts'
import { durationBetween, LONGEST_JOB } from './duration.ts'
import type { WorkloadName } from './names.ts'
import { nearest } from './nearest.ts'
import { quote, refusal, type Parser } from './parsed.ts'

/** Who says yes where a controller waits for one: a person, or the checks once they have passed for so many milliseconds. */
export type Gates =
  | { readonly kind: 'approve' }
  /** Without a duration: as long as the bake. */
  | { readonly kind: 'checks'; readonly duration?: number }

const EXAMPLE = 'checks for 5m'

/** Reads `approve`, `checks` or `checks for 5m`. */
export const parseGates: Parser<Gates> = (text) => {
  if (text === 'approve' || text === 'checks') return { value: { kind: text } }
  const [, written] = /^checks\s+for\s+(.+)$/.exec(text) ?? []
  if (written === undefined) {
    const meant = nearest(text, ['approve', 'checks'])
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    return refusal(`${quote(text)} is neither approve, nor checks${hint}`, meant ?? EXAMPLE)
  }
  const duration = durationBetween(0, LONGEST_JOB, '5m')(written)
  return 'problem' in duration
    ? { ...duration, example: EXAMPLE }
    : { value: { kind: 'checks', duration: duration.value } }
}

/** The text that reads back as this. */
export const printGates = (gates: Gates): string =>
  gates.kind === 'checks' && gates.duration !== undefined
    ? `checks for ${formatDuration(gates.duration)}`
    : gates.kind

/**
 * What is wrong between gates and the other inputs.
 * @param hasChecks whether anything is to be measured
 */
export function gatesFaults(
  gates: Gates | undefined,
  workload: WorkloadName | undefined,
  hasChecks: boolean
): readonly Fault[] {
  if (gates?.kind !== 'checks') return []
  if (workload === undefined || workload.kind === 'deployment')
    return [
      {
        input: 'gates',
        problem: `gates are the pauses of a controller that releases the workload, and deployment/${workload?.name ?? 'web'} has none: its steps are in steps`,
        example: 'no gates, or workload: rollout/web'
      }
    ]
  return hasChecks
    ? []
    : [
        {
          input: 'gates',
          problem: `gates: ${printGates(gates)} lets a version go on that has passed every check, and there are no checks`,
          example: 'checks: success-rate >= 99%'
        }
      ]
}

/** Milliseconds in which the checks have to pass at a gate. */
export const gateTime = ({ gates, bake }: { readonly gates: Gates; readonly bake: number }): number =>
  gates.kind === 'checks' ? (gates.duration ?? bake) : 0
