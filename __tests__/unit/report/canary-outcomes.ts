import { counted } from '../../../src/base/counted.ts'
import type { Outcome } from '../../../src/domain/outcome.ts'
import { base, measurements, shift, start, step, version } from './outcomes.ts'

/** Realistic ends of a release in several steps. */

const stable = version('blue', '2.3.1', '5f7d6c8b9', 9)
const canary = version('green', '2.4.0', '6c8d9f7b5', 9)

const byRequests: Outcome = {
  ...base,
  route: 'httproute/web, httproute/web-internal',
  shareOf: 'requests',
  serving: stable,
  canary,
  previous: stable
}

const begun = [
  step('All traffic on web-blue', 0.2, 60, 'all traffic on web-blue'),
  step('Start web-green with 1 pod', 0.3, 80, 'deployment/web-green created'),
  step('Wait until web-green is ready', 0.4, 4_200, '1 of 1 pod ready, template 6c8d9f7b5')
]

const passed = 'every check passed, 20 rounds of measurements'

const taken = (pods: number): string =>
  `httproute/web accepted: ${pods}/${counted(pods, 'tested pod')} serving`

const watched = (stepName: string, from: number, values: readonly number[]): Outcome['measurements'] =>
  measurements('success-rate >= 95%', values, { from, stepName, passes: (value) => value >= 0.95 })

export const promotedInSteps: Outcome = {
  ...byRequests,
  result: 'promoted',
  serving: canary,
  previous: { ...stable, replicas: 0 },
  weight: 100,
  finishedAt: start + 962_000,
  shifts: [
    shift(0.2, { weight: 0 }),
    shift(5, { weight: 10 }),
    shift(306, { weight: 30 }),
    shift(611, { weight: 50 }),
    shift(917, { weight: 100 })
  ],
  timeline: [
    ...begun,
    step('Move 10% of the traffic to web-green', 5, 300, taken(1)),
    step('10% for 5m: watch web-green', 5.3, 300_100, passed),
    step('Move 30% of the traffic to web-green', 306, 320, taken(3)),
    step('30% for 5m: watch web-green', 306.4, 300_200, passed),
    step('Move 50% of the traffic to web-green', 611, 310, taken(5)),
    step('50% for 5m: watch web-green', 611.4, 300_100, passed),
    step('Move all traffic to web-green', 917, 300, taken(9)),
    step('Bake: watch web-green under all traffic', 917.4, 30_000, passed),
    step('Scale web-blue down', 961, 60)
  ],
  measurements: [
    ...watched('10% for 5m', 20, [0.998, 1, 0.94, 0.9996]),
    ...watched('30% for 5m', 321, [0.999, 0.9987]),
    ...watched('50% for 5m', 626, [0.9991, 1]),
    ...watched('bake', 932, [0.9995, 0.9993])
  ],
  next: ['To go back to shop/web:2.3.1: run the rollback workflow (command: rollback).']
}

export const failedAtTenPerCent: Outcome = {
  ...byRequests,
  result: 'rolled-back',
  reason: 'success-rate was 88.2% in the third failed measurement',
  canary: { ...canary, replicas: 0 },
  failedCheck: 'success-rate >= 95%',
  restoreSeconds: 0.31,
  finishedAt: start + 71_000,
  shifts: [shift(0.2, { weight: 0 }), shift(5, { weight: 10 }), shift(65.3, { weight: 0 })],
  timeline: [
    ...begun,
    step('Move 10% of the traffic to web-green', 5, 300, taken(1)),
    step('10% for 5m: watch web-green', 5.3, 59_700, 'success-rate >= 95% failed 3 times', 'failed'),
    step('All traffic on web-blue', 65, 310, 'all traffic on web-blue')
  ],
  measurements: watched('10% for 5m', 20, [0.991, 0.931, 0.912, 0.882])
}

export const waitingAtHalf: Outcome = {
  ...byRequests,
  result: 'waiting',
  weight: 50,
  finishedAt: start + 312_000,
  shifts: [shift(0.2, { weight: 0 }), shift(5, { weight: 10 }), shift(306, { weight: 50 })],
  timeline: [
    ...begun,
    step('Move 10% of the traffic to web-green', 5, 300, taken(1)),
    step('Move 50% of the traffic to web-green', 306, 320, taken(5)),
    step('Wait for approval', 311.9, 60, 'command: promote goes on, command: abort puts stable back')
  ],
  next: ['To go on: run the workflow with command: promote.']
}

const header = { name: 'x-canary', value: 'true' }

const waits = step('Wait for approval', 5.4, 60, 'command: promote goes on, command: abort puts stable back')

export const waitingForAHeader: Outcome = {
  ...waitingAtHalf,
  weight: 0,
  finishedAt: start + 6_000,
  shifts: [shift(0.2, { weight: 0 }), shift(5, { weight: 0, header })],
  timeline: [...begun, step('Move requests with header x-canary to web-green', 5, 300, taken(1)), waits]
}

export const waitingOnCopies: Outcome = {
  ...waitingAtHalf,
  weight: 0,
  finishedAt: start + 6_000,
  shifts: [shift(0.2, { weight: 0 }), shift(5, { weight: 0, mirror: 20 })],
  timeline: [...begun, step('Move copies of 20% of the requests to web-green', 5, 300, taken(2)), waits]
}

/** Goes on with what an earlier run has left waiting. */
export const promotedLater: Outcome = {
  ...promotedInSteps,
  command: 'promote',
  finishedAt: start + 40_000,
  shifts: [shift(-5_400, { weight: 50 }), shift(2, { weight: 100 })],
  timeline: [step('Move all traffic to web-green', 2, 300, taken(9))],
  measurements: []
}

export const abortedAsAsked: Outcome = {
  ...byRequests,
  command: 'abort',
  result: 'aborted',
  reason: 'release 9876543210-1 was aborted by octocat',
  canary: { ...canary, replicas: 0 },
  finishedAt: start + 14_000,
  shifts: [shift(-5_400, { weight: 50 }), shift(1.2, { weight: 0 })],
  timeline: [step('All traffic on web-blue', 1, 210, 'all traffic on web-blue')]
}

export const sharedByPods: Outcome = {
  ...promotedInSteps,
  route: 'service/web',
  shareOf: 'connections',
  finishedAt: start + 700_000,
  shifts: [
    shift(5, { weight: 10 }, 10),
    shift(306, { weight: 30 }, (100 * 4) / 13),
    shift(611, { weight: 100 })
  ],
  timeline: [
    ...begun,
    step(
      'Move 10% of the traffic to web-green',
      5,
      30,
      '1/1 tested pod serving among 10 pods: 10% of the connections'
    ),
    step('10% for 5m: watch web-green', 5.3, 300_100, passed),
    step(
      'Move 30% of the traffic to web-green',
      306,
      32,
      '4/4 tested pods serving among 13 pods: 30.8% of the connections'
    ),
    step('30% for 5m: watch web-green', 306.4, 300_200, passed),
    step('Move all traffic to web-green', 611, 30, '9/9 tested pods serving')
  ],
  measurements: [...watched('10% for 5m', 20, [0.998, 1]), ...watched('30% for 5m', 321, [0.999, 0.9987])]
}

export const testersFirst: Outcome = {
  ...promotedInSteps,
  shifts: [
    shift(0.2, { weight: 0 }),
    shift(5, { weight: 0, header }),
    shift(306, { weight: 0, mirror: 20 }),
    shift(611, { weight: 10 }),
    shift(917, { weight: 100 })
  ],
  timeline: [
    ...begun,
    step('Move requests with header x-canary to web-green', 5, 300, taken(1)),
    step('header x-canary for 5m: watch web-green', 5.3, 300_100, passed),
    step('Move copies of 20% of the requests to web-green', 306, 320, taken(2)),
    step('mirror 20% for 5m: watch web-green', 306.4, 300_200, passed),
    step('Move 10% of the traffic to web-green', 611, 310, taken(2)),
    step('10% for 5m: watch web-green', 611.4, 300_100, passed),
    step('Move all traffic to web-green', 917, 300, taken(9))
  ],
  measurements: [
    ...watched('header x-canary for 5m', 20, [0.998, 1]),
    ...watched('mirror 20% for 5m', 321, [0.999, 0.9987]),
    ...watched('10% for 5m', 626, [0.9991, 1])
  ]
}

export const canaries = {
  'canary promoted in steps': promotedInSteps,
  'canary failed at 10%': failedAtTenPerCent,
  'canary waits at 50%': waitingAtHalf,
  'canary waits with a header': waitingForAHeader,
  'canary waits on copies': waitingOnCopies,
  'canary promoted after approval': promotedLater,
  'canary aborted as asked': abortedAsAsked,
  'canary by number of pods': sharedByPods,
  'canary for testers first': testersFirst
}
