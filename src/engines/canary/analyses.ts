import { formatDuration } from '../../base/duration.ts'
import { listAt, textAt } from '../../kubernetes/read.ts'
import type { Analysis, Seen } from '../engine.ts'
import { analysisOf, intervalOf, skipsAnalysis, statusOf, thresholdOf } from './objects.ts'
import { eventsOf } from './problem.ts'
import { stateOf } from './state.ts'
import { templateHash } from './template-hash.ts'
import { replicaSetsOf } from './versions.ts'

const BUILT_IN: Readonly<Record<string, string>> = {
  'request-success-rate': 'success rate',
  'request-duration': 'request duration'
}

/**
 * What Flagger looks at. It keeps no measurement: a bad one is told in an Event, and ends the look, so that the metrics after
 * it are not measured. A good one is told nowhere.
 */
export function analysesOf(seen: Seen, hash: string): readonly Analysis[] {
  const { object, target, serving } = seen
  if (skipsAnalysis(object) || ![templateHash(target), templateHash(serving)].includes(hash)) return []
  const { phase, failedChecks } = statusOf(object)
  const begun = replicaSetsOf(seen).find((one) => templateHash(one) === hash)?.metadata.creationTimestamp
  const events = eventsOf(seen.made ?? [], begun).filter(({ type }) => type === 'Warning')
  return [
    {
      name: object.metadata.name,
      when: `every ${formatDuration(intervalOf(object))}`,
      phase: PHASES[phase] ?? (stateOf(seen).at === 'moving' ? 'Running' : phase),
      message: `${failedChecks} of ${thresholdOf(object)} failed checks${lastOf(events.map(({ message = '' }) => message))}`,
      metrics: listAt(analysisOf(object), 'metrics').map((metric) => {
        const name = textAt(metric, 'name')
        const told = events
          .map(({ message = '' }) => message)
          .filter(
            (message) => message.includes(` ${BUILT_IN[name] ?? name} `) || message.endsWith(` ${name}`)
          )
        return {
          name,
          phase: told.length > 0 ? 'Failed' : '',
          message: told.at(-1) ?? '',
          measurements: told.flatMap((message) => measured(message))
        }
      })
    }
  ]
}

const PHASES: Readonly<Record<string, string>> = {
  Succeeded: 'Successful',
  Initialized: 'Successful',
  Failed: 'Failed'
}

function lastOf(messages: readonly string[]): string {
  const last = messages.at(-1)
  return last === undefined ? '' : `; ${last}`
}

/** `Halt web.shop advancement success rate 87.50% < 99%` */
function measured(message: string): Analysis['metrics'][number]['measurements'] {
  const [, value] = /\s(\S+) [<>] \S+$/.exec(message) ?? []
  return value === undefined ? [] : [{ value, phase: 'Failed' }]
}
