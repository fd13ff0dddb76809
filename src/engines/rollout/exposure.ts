import { at, countAt } from '../../kubernetes/read.ts'
import { blueGreenOf, isRouted, stepsOf, strategyOf } from './objects.ts'
import { pauseOf } from './steps.ts'

/** The two lines of a canary by which its pods are there before its users. */
const BEFORE_USERS = 'first steps `setCanaryScale: {replicas: 1}` and `pause: {}`'

/** Who would meet the new version before smoke tests have passed; nothing where nobody does. */
export function exposure(rollout: unknown, tests: boolean): readonly string[] {
  if (!tests) return []
  if (strategyOf(rollout) === 'blueGreen') return exposureOfSwitch(rollout)
  if (waitsBeforeUsers(rollout)) return []
  const share = firstShare(rollout)
  const who = share === undefined ? 'all users' : `${share}% of the users`
  const mend = isRouted(rollout)
    ? `With the ${BEFORE_USERS} they run before the first one`
    : 'With a router (trafficRouting) they could run before the first one'
  return [`the smoke tests run while up to ${who} are on the new version already. ${mend}`]
}

function exposureOfSwitch(rollout: unknown): readonly string[] {
  const strategy = blueGreenOf(rollout)
  const seconds = countAt(strategy, 'autoPromotionSeconds') ?? 0
  if (seconds > 0)
    return [
      `the Rollout switches all users ${seconds} s after the new pods are ready, whether the smoke tests have passed by then or not. With autoPromotionEnabled: false and without autoPromotionSeconds it waits for them`
    ]
  return at(strategy, 'autoPromotionEnabled') === false
    ? []
    : [
        'the Rollout switches all users as soon as the new pods are ready, before the smoke tests have passed. With autoPromotionEnabled: false it waits for them'
      ]
}

/** Pods without users, and a pause there: nothing but the first weight brings users. */
function waitsBeforeUsers(rollout: unknown): boolean {
  if (!isRouted(rollout)) return false
  const steps = stepsOf(rollout)
  const first = steps.findIndex((step) => (countAt(step, 'setWeight') ?? 0) > 0)
  const before = first < 0 ? steps : steps.slice(0, first)
  const pause = before.findIndex((step) => pauseOf(step) === 'until-yes')
  const scaled = before.findIndex((step) => at(step, 'setCanaryScale') !== undefined)
  return scaled >= 0 && scaled < pause
}

const firstShare = (rollout: unknown): number | undefined =>
  stepsOf(rollout)
    .map((step) => countAt(step, 'setWeight'))
    .find((weight) => weight !== undefined && weight > 0)
