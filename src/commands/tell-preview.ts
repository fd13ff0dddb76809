import type { Preview } from '../domain/outcome.ts'
import type { Ports } from '../execute/release-run.ts'

/** What a release would do, for the log. */
export function tellPreview({ steps, changes }: Preview, { log }: Pick<Ports, 'log'>): void {
  log.group('What a release would do')
  log.quote(steps.map((step, at) => `${at + 1}. ${step}`).join('\n'))
  log.endGroup()
  for (const { object, state, diff, why } of changes) {
    log.group(`${object}: ${state}`)
    if (why !== undefined) log.quote(`the credentials ${why}`)
    if (diff.length > 0) log.quote(diff.join('\n'))
    log.endGroup()
  }
}
