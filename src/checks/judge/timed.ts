import type { NoData } from '../../domain/judgement.ts'
import type { Pod } from './arms.ts'
import type { Measured } from './measured.ts'

/** So many requests are not all under way still: some must have been timed. */
const MOST_UNDER_WAY = 20

const isEmpty = (pods: readonly Pod[]): boolean =>
  pods.every((cells) => cells.every((histogram) => (histogram ?? []).every((count) => count === 0)))

const manyIn = (blocks: readonly { readonly requests: number }[]): boolean =>
  blocks.reduce((sum, { requests }) => sum + requests, 0) >= MOST_UNDER_WAY

/**
 * What keeps latency from being compared, if anything does: a histogram that is there and stays empty while requests are counted,
 * as one does that a version has given up, says as little as none.
 */
export function withoutDurations({ durations, history, pairs }: Measured): NoData | undefined {
  if (durations.edges.length <= 1) return 'no histogram'
  const [own, others] = [pairs.map(({ canary }) => canary), pairs.map(({ stable }) => stable)]
  if (manyIn(own) && isEmpty(durations.canary)) return 'no durations'
  const isMute = isEmpty([...durations.history, ...durations.stable])
  return isMute && manyIn([...history, ...others]) ? 'no durations of stable' : undefined
}
