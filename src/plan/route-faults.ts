import { counted, percent } from '../base/counted.ts'
import type { Fault } from '../base/errors.ts'
import { nameStep, type TrafficStep } from '../inputs/step.ts'
import type { ObservedRoute } from '../observe/observed.ts'
import { ROUTES } from '../routes/index.ts'
import type { Ability, Backends, PodLabels, Route, Split } from '../routes/route.ts'
import { shareByPods, podsFor } from './sizing.ts'

const abilityFor = ({ header, mirror }: Split): Ability =>
  header !== undefined ? 'header' : mirror !== undefined ? 'mirror' : 'weight'

const deeds: Readonly<Record<Ability, string>> = {
  weight: 'share traffic out',
  header: 'tell requests apart by their headers',
  mirror: 'copy requests'
}

function whoCan(ability: Ability): string {
  const kinds = ROUTES.filter(({ can }) => can.includes(ability)).map(({ kind }) => kind)
  return [...new Set(kinds)].join(', ')
}

/** Steps that one of the routes cannot do, by what can. */
export function abilityFaults(
  titled: readonly { readonly title: string; readonly route: Route }[],
  steps: readonly TrafficStep[]
): Fault[] {
  return steps.flatMap((step) => {
    const ability = abilityFor(step.split)
    return titled
      .filter(({ route }) => !route.can.includes(ability))
      .map(({ title }) => ({
        input: 'steps',
        problem: `${nameStep(step)}: ${title} cannot ${deeds[ability]}; these can: ${whoCan(ability)}`,
        example: 'route: httproute/web'
      }))
  })
}

/** Why a route cannot take part as it is now. */
export function routeFaults(
  { route, objects, title }: ObservedRoute,
  backends: Backends,
  steps: readonly TrafficStep[],
  pods: PodLabels
): Fault[] {
  const problem = route.problem(
    objects,
    backends,
    steps.map(({ split }) => split),
    pods
  )
  if (problem !== undefined) return [{ input: 'route', problem: `${title}: ${problem}` }]
  const pending = route.pending(objects)
  return pending === undefined ? [] : [{ input: 'route', problem: `${title} is not in use: ${pending}` }]
}

/** By which factor a share by numbers of pods may differ from the wanted one without a warning. */
const CLOSE_ENOUGH = 1.2

/** Warns where few pods cannot give the wanted share: says the real share, and how many pods would be needed. */
export const coarseShares = (steps: readonly TrafficStep[], stable: number): string[] =>
  steps.flatMap(({ split }) => {
    const { weight } = split
    const pods = podsFor(split, stable, 'connections')
    const achieved = shareByPods(pods, stable)
    if (weight === 0 || weight === 100 || achieved <= weight * CLOSE_ENOUGH) return []
    const needed = Math.ceil((100 - weight) / weight)
    return [
      `${weight}% by numbers of pods: ${counted(pods, 'new pod')} and ${counted(stable, 'old one')} make it ${percent(achieved)} of the connections; ${counted(needed, 'old pod')} would make it possible`
    ]
  })
