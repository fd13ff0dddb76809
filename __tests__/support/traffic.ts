import type { PodSamples, Sample } from '../../src/checks/judge/pods.ts'
import type { Question } from '../../src/checks/judge/question.ts'
import { Tape } from '../bench/release.ts'
import { PROTOCOLS, realWorld, type ScenarioName } from '../bench/scenarios.ts'

/** Releases under the traffic that `script/bench judge` simulates, as the judge is asked about them. */

const STEPS = PROTOCOLS.P1

/** The question that is asked when the last step's time is over: 5, 10, 25 and 50 % of the users, for five minutes each. */
export function simulate(scenario: ScenarioName, rps: number, seed: number): Question {
  const world = realWorld(scenario, rps, STEPS, [seed])
  const { edges, scrape } = world.service
  const tape = new Tape(world.past, edges, scrape)
  const begun = STEPS.map(([share, seconds]) => {
    const begin = tape.seconds
    while (tape.seconds < begin + seconds) {
      const { stable, canary } = world.next(share)
      tape.add(stable, canary)
    }
    return begin
  })
  return tape.question(STEPS, begun)
}

const REPORTED = 1.3

/** What instances of a router tell of the same traffic, each of which has sent requests to some of the pods. */
export function atRouter(question: Question, instances: number): Question {
  const created = (pods: readonly PodSamples[]): number[] => pods.flatMap(({ createdAt }) => createdAt ?? [])
  const { stable, canary } = question
  return {
    ...question,
    stable: throughInstances(stable, instances),
    canary: throughInstances(canary, instances),
    router: { pods: { stable: created(stable), canary: created(canary) }, times: REPORTED }
  }
}

/** A router is as old as the counters are. */
const throughInstances = (pods: readonly PodSamples[], instances: number): PodSamples[] =>
  Array.from({ length: instances }, (_, i) => {
    const own = pods.filter((__, pod) => pod % instances === i)
    return {
      name: `router-${i}`,
      ready: true,
      ...(own[0]?.createdAt !== undefined && { createdAt: own[0].createdAt }),
      requests: [false, true].map((failed) => ({
        failed,
        samples: added(own.flatMap(({ requests }) => requests.filter((one) => one.failed === failed)))
      })),
      buckets: (own[0]?.buckets ?? []).map(({ edge }) => ({
        edge,
        samples: added(own.flatMap(({ buckets }) => buckets.filter((one) => one.edge === edge)))
      }))
    }
  })

/** Counters of pods that are scraped at the same times; each is 0 until it is there. */
function added(series: readonly { readonly samples: readonly Sample[] }[]): readonly Sample[] {
  const total = new Map<number, number>()
  for (const { samples } of series)
    for (const { at, value } of samples) total.set(at, (total.get(at) ?? 0) + value)
  return [...total].map(([at, value]) => ({ at, value })).sort((one, other) => one.at - other.at)
}
