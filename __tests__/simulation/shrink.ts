import type { Violation } from './invariants/report.ts'
import { play } from './play.ts'
import type { Act, Schedule } from './schedule.ts'

/** Plays of one schedule are so many at most. */
const MOST_PLAYS = 200

/** The same failure with as little as possible: without runs and faults that it does not take. */
export async function shrink(schedule: Schedule, { invariant }: Violation): Promise<Schedule> {
  let left = MOST_PLAYS
  const fails = async (candidate: Schedule): Promise<boolean> => {
    left -= 1
    const { violations } = await play(candidate)
    return violations[0]?.invariant === invariant
  }
  let smallest = schedule
  for (let tried = 0; left > 0;) {
    const candidate = smaller(smallest)[tried]
    if (candidate === undefined) return smallest
    if (await fails(candidate)) {
      smallest = candidate
      tried = 0
    } else tried += 1
  }
  return smallest
}

/** Everything that is one thing less, the greatest first. */
function smaller(schedule: Schedule): readonly Schedule[] {
  const { acts, world, ending } = schedule
  const without = acts.map((_, at) => ({ ...schedule, acts: acts.filter((__, index) => index !== at) }))
  const calmer = acts.flatMap((act, at) =>
    simpler(act).map((one) => ({
      ...schedule,
      acts: acts.map((other, index) => (index === at ? one : other))
    }))
  )
  const plainer: Schedule[] = [
    ...(ending === 'deploy' ? [] : [{ ...schedule, ending: 'deploy' as const }]),
    ...(world.internal ? [{ ...schedule, world: { ...world, internal: false } }] : []),
    ...(world.autoscaled ? [{ ...schedule, world: { ...world, autoscaled: false } }] : []),
    ...(world.routes.length > 0 ? [{ ...schedule, world: { ...world, routes: world.routes.slice(1) } }] : [])
  ]
  return [...(acts.length > 1 ? without : []), ...calmer, ...plainer]
}

function simpler(act: Act): readonly Act[] {
  const { steps: _, strategy: __, ...blueGreen } = act.inputs
  return [
    ...act.faults.map((_fault, at) => ({
      ...act,
      faults: act.faults.filter((__fault, index) => index !== at)
    })),
    ...(act.fate === 'good' ? [] : [{ ...act, fate: 'good' as const }]),
    ...('steps' in act.inputs ? [{ ...act, inputs: blueGreen }] : []),
    ...(act.post ? [{ ...act, post: false }] : [])
  ]
}
