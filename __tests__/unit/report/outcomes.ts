import type {
  Measurement,
  Outcome,
  Shift,
  SmokeResult,
  TimelineEntry,
  Version
} from '../../../src/domain/outcome.ts'
import type { Check } from '../../../src/inputs/check.ts'
import { parseCheck } from '../../../src/inputs/parse-check.ts'
import type { SmokeTest } from '../../../src/inputs/smoke-test.ts'
import { parseSmokeTest } from '../../../src/inputs/parse-smoke-test.ts'
import type { Split } from '../../../src/routes/route.ts'

/** Realistic ends of a run, from which the reports under test are rendered. */

export const start = Date.UTC(2026, 10, 3, 14, 5, 0)

export function check(line: string): Check {
  const parsed = parseCheck(line)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.value
}

export function smokeTest(line: string): SmokeTest {
  const parsed = parseSmokeTest(line)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.value
}

export const version = (slot: string, tag: string, hash: string, replicas: number): Version => ({
  slot,
  deployment: slot === 'plain' ? 'web' : `web-${slot}`,
  images: [`registry.example.com/shop/web:${tag}`],
  hash,
  replicas
})

export const step = (
  title: string,
  second: number,
  milliseconds: number,
  detail = '',
  status: TimelineEntry['status'] = 'done'
): TimelineEntry => ({ title, startedAt: start + second * 1_000, milliseconds, status, detail })

export const shift = (second: number, split: Split, achieved?: number): Shift => ({
  at: start + second * 1_000,
  split,
  ...(achieved === undefined ? {} : { achieved })
})

export const measurements = (
  line: string,
  values: readonly (number | undefined)[],
  { from = 12, every = 15, stepName = 'bake', passes = (value: number) => value >= 0 } = {}
): readonly Measurement[] =>
  values.map((value, at) => ({
    check: check(line),
    at: start + (from + at * every) * 1_000,
    ...(value === undefined ? { why: 'no series matches' } : { value, requests: 280 + at }),
    verdict: value === undefined ? 'no-data' : passes(value) ? 'pass' : 'fail',
    step: stepName
  }))

const smoke = (
  line: string,
  passed: boolean,
  detail: string,
  pods: readonly string[],
  number = 1
): SmokeResult => ({
  test: smokeTest(line),
  number,
  passed,
  pods,
  milliseconds: 34,
  detail
})

const pods = ['web-green-6c8d9f7b5-2xk4q', 'web-green-6c8d9f7b5-9vbnm', 'web-green-6c8d9f7b5-tt7xw']

export const base: Outcome = {
  command: 'deploy',
  result: 'promoted',
  reason: '',
  release: '9876543210-1',
  runUrl: 'https://github.com/acme/shop/actions/runs/9876543210',
  namespace: 'shop',
  workload: 'web',
  route: 'service/web',
  weight: 0,
  shareOf: 'connections',
  shifts: [],
  startedAt: start,
  finishedAt: start + 72_300,
  timeline: [],
  smokeTests: [],
  measurements: [],
  evidence: [],
  foreignWrites: [],
  warnings: [],
  next: []
}

export const promoted: Outcome = {
  ...base,
  serving: version('green', '2.4.0', '6c8d9f7b5', 3),
  canary: version('green', '2.4.0', '6c8d9f7b5', 3),
  previous: version('blue', '2.3.1', '5f7d6c8b9', 0),
  weight: 100,
  shifts: [shift(4.7, { weight: 100 })],
  timeline: [
    step('apply Deployment web-green', 0.2, 80),
    step('wait until web-green is ready', 0.3, 4_200, '3 of 3 pods ready'),
    step('smoke tests', 4.5, 120, '2 of 2 passed'),
    step('route 100% to green', 4.7, 45, 'service/web selects green'),
    step('bake for 1m', 4.8, 62_000, '2 checks, 8 measurements'),
    step('drain web-blue for 5s', 66.8, 5_000),
    step('scale web-blue to 0', 71.8, 60)
  ],
  smokeTests: [
    smoke('GET /health -> 200', true, '200 in 12 ms', pods),
    smoke('GET /version -> 200 contains "2.4.0" within 2s', true, '200 in 34 ms', pods, 2)
  ],
  measurements: [
    ...measurements('success-rate >= 95%', [0.998, 1, 0.9731, 0.9996]),
    ...measurements('p95 latency < 500ms', [0.182, 0.174, 0.31, 0.19])
  ],
  warnings: ['success-rate has no value for stable: it had no traffic in the last minute'],
  next: ['To go back: run the workflow again with `command: rollback`']
}

export const rolledBackInBake: Outcome = {
  ...base,
  result: 'rolled-back',
  reason: 'success-rate was 88.2% in the third failed measurement (bound >= 95%, 3 failures allowed: 2)',
  serving: version('blue', '2.3.1', '5f7d6c8b9', 3),
  canary: version('green', '2.4.0', '6c8d9f7b5', 0),
  previous: version('blue', '2.3.1', '5f7d6c8b9', 3),
  failedCheck: 'success-rate >= 95%',
  restoreSeconds: 0.42,
  finishedAt: start + 65_000,
  shifts: [shift(4.7, { weight: 100 }), shift(57.9, { weight: 0 })],
  timeline: [
    step('apply Deployment web-green', 0.2, 80),
    step('wait until web-green is ready', 0.3, 4_200, '3 of 3 pods ready'),
    step('route 100% to green', 4.7, 45),
    step('bake for 1m', 4.8, 53_000, 'success-rate >= 95% failed 3 times', 'failed'),
    step('drain web-blue for 5s', 57.8, 0, '', 'skipped'),
    step('route 100% to blue', 57.9, 41, 'service/web selects blue'),
    step('scale web-green to 0', 58, 60)
  ],
  smokeTests: [smoke('GET /health -> 200', true, '200 in 12 ms', pods)],
  measurements: [
    ...measurements('success-rate >= 95%', [0.991, undefined, 0.9312, 0.912, 0.882], {
      passes: (value) => value >= 0.95
    }),
    ...measurements('p95 latency < 500ms', [0.182, 0.174, 0.31, 0.19]),
    ...measurements('queue: sum(queue_depth{pod=~"$pods"} | 1) < 100', [12, 14])
  ],
  foreignWrites: [
    {
      object: 'Service shop/web',
      manager: 'kubectl-client-side-apply',
      at: start + 20_000,
      change: 'selector became app=web',
      restoredAfter: 240
    }
  ],
  next: [
    'Look at what web-green logged between 14:05:19 and 14:05:57',
    'Fix it and push; `registry.example.com/shop/web:2.3.1` serves until then'
  ]
}

export const imagePullFailed: Outcome = {
  ...base,
  result: 'rolled-back',
  reason: 'web-green cannot start: ImagePullBackOff in 1 of 3 pods',
  serving: version('plain', '2.3.1', '5f7d6c8b9', 3),
  canary: version('green', '2.4.0-typo', '77fbd6c5d4', 0),
  previous: version('plain', '2.3.1', '5f7d6c8b9', 3),
  unexposed: true,
  finishedAt: start + 9_000,
  timeline: [
    step('apply Deployment web-green', 0.2, 80),
    step('wait until web-green is ready', 0.3, 8_200, '0 of 3 pods ready', 'failed'),
    step('scale web-green to 0', 8.6, 60)
  ],
  evidence: [
    {
      pod: 'web-green-77fbd6c5d4-2xk4q',
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "registry.example.com/shop/web:2.4.0-typo"',
      events: [
        'Warning Failed: Failed to pull image "registry.example.com/shop/web:2.4.0-typo": not found (3 times)',
        'Normal BackOff: Back-off pulling image "registry.example.com/shop/web:2.4.0-typo"'
      ],
      log: []
    },
    {
      pod: 'web-green-77fbd6c5d4-9vbnm',
      reason: 'CrashLoopBackOff',
      message: 'back-off 10s restarting failed container=migrate',
      events: ['Warning BackOff: Back-off restarting failed container migrate'],
      log: [
        '\u001b[32minfo\u001b[0m connecting to postgres://db:5432/shop',
        '\u001b[31merror\u001b[0m password authentication failed for user "shop"',
        '::error::exiting'
      ]
    }
  ],
  next: ['Check that the tag exists: `registry.example.com/shop/web:2.4.0-typo`']
}

export const aborted: Outcome = {
  ...base,
  result: 'aborted',
  reason: 'The run was cancelled (SIGINT)',
  serving: version('blue', '2.3.1', '5f7d6c8b9', 3),
  canary: version('green', '2.4.0', '6c8d9f7b5', 3),
  previous: version('blue', '2.3.1', '5f7d6c8b9', 3),
  restoreSeconds: 0.318,
  finishedAt: start + 31_000,
  shifts: [shift(4.7, { weight: 100 }), shift(30.6, { weight: 0 })],
  timeline: [
    step('wait until web-green is ready', 0.3, 4_200, '3 of 3 pods ready'),
    step('route 100% to green', 4.7, 45),
    step('bake for 1m', 4.8, 25_800, 'cancelled', 'failed'),
    step('route 100% to blue', 30.6, 39)
  ],
  next: ['Run `cleanup` to scale web-green to 0', 'Run the workflow again to release']
}

export const rolledBackAsAsked: Outcome = {
  ...base,
  command: 'rollback',
  result: 'rolled-back',
  reason: '',
  serving: version('blue', '2.3.1', '5f7d6c8b9', 3),
  canary: version('green', '2.4.0', '6c8d9f7b5', 0),
  previous: version('green', '2.4.0', '6c8d9f7b5', 0),
  restoreSeconds: 3.9,
  finishedAt: start + 9_700,
  shifts: [shift(3.8, { weight: 100 })],
  timeline: [
    step('scale web-blue to 3', 0.2, 3_600, '3 of 3 pods ready'),
    step('route 100% to blue', 3.8, 45),
    step('scale web-green to 0', 9, 60)
  ]
}

export const inputFaults: Outcome = {
  ...base,
  result: 'failed',
  reason:
    'checks, line 2: "sucess-rate >= 95%" is not a check; did you mean success-rate? — for example: success-rate >= 95%\n' +
    'strategy: "bluegreen" is none of blue-green, canary — for example: blue-green',
  finishedAt: start + 40,
  next: ['Correct the inputs; nothing was changed in the cluster']
}

const listed: Outcome = {
  ...base,
  command: 'status',
  result: 'unchanged',
  reason: 'the last rollback, 9876543212-1 by octocat, began at 2026-11-03T14:01:00Z and ended: rolled-back',
  serving: version('blue', '2.3.1', '5f7d6c8b9', 3),
  versions: [
    {
      release: '9876543212-1',
      command: 'rollback',
      served: true,
      at: '2026-11-03T14:02:10.000Z',
      ...version('blue', '2.3.1', '5f7d6c8b9', 0),
      revision: 3,
      kept: true,
      serves: true,
      run: 'https://github.com/acme/shop/actions/runs/9876543212'
    },
    {
      release: '9876543211-1',
      command: 'deploy',
      served: false,
      at: '2026-11-03T13:40:00.000Z',
      ...version('blue', '2.5.0', '', 0),
      kept: false,
      serves: false,
      run: 'https://github.com/acme/shop/actions/runs/9876543211'
    },
    {
      release: '9876543210-1',
      command: 'deploy',
      served: true,
      at: '2026-11-02T09:00:00.000Z',
      ...version('green', '2.4.0', '6c8d9f7b5', 0),
      revision: 1,
      kept: true,
      serves: false
    },
    {
      release: '9876543209-1',
      at: '2026-11-01T09:00:00.000Z',
      images: ['shop/web:2.2'],
      kept: false,
      serves: false
    },
    {
      at: '2026-10-01T09:00:00Z',
      ...version('plain', '2.1.0', '77fbd6c5d4', 0),
      revision: 4,
      kept: true,
      serves: false
    }
  ]
}

const planned: Outcome = {
  ...base,
  command: 'plan',
  result: 'planned',
  serving: version('blue', '2.3.1', '5f7d6c8b9', 3),
  canary: version('green', '2.4.0', '', 3),
  plan: {
    steps: ['All traffic on web-blue', 'Start web-green with 3 pods', 'Move all traffic to web-green'],
    changes: [
      {
        object: 'Deployment web-green, beside web-blue',
        state: 'changed',
        diff: [
          '@@ -5,3 +5,3 @@',
          '       containers:',
          '-        - image: registry.example.com/shop/web:2.3.1',
          '+        - image: registry.example.com/shop/web:2.4.0',
          '           name: web'
        ]
      },
      { object: 'Service web', state: 'same', diff: [] },
      { object: 'Secret web', state: 'unknown', diff: [], why: 'cannot get secrets in namespace shop' },
      { object: 'ConfigMap web', state: 'new', diff: ['@@ -0,0 +1,2 @@', '+data:', '+  COLOUR: "```"'] }
    ]
  },
  measurements: [
    ...measurements('success-rate >= 95%', [0.998], { from: 0, stepName: 'now, on what serves' }),
    ...measurements('p95 latency < 500ms', [undefined], { from: 0, stepName: 'now, on what serves' })
  ],
  warnings: ['success-rate has no value for stable: it had no traffic in the last minute']
}

const tidiedUp: Outcome = {
  ...base,
  command: 'cleanup',
  result: 'promoted',
  reason: 'deployment/web-blue was scaled down',
  serving: version('green', '2.4.0', '6c8d9f7b5', 3),
  canary: version('blue', '2.3.1', '', 0),
  timeline: [step('Drain: let connections end', 0.2, 10_000), step('Scale web-blue down', 10.2, 900)]
}

export const outcomes = {
  promoted,
  'rolled back by a check in the bake': rolledBackInBake,
  'image pull failed': imagePullFailed,
  'aborted by SIGINT': aborted,
  'rolled back as asked': rolledBackAsAsked,
  'versions listed': listed,
  planned,
  'tidied up': tidiedUp,
  'input faults': inputFaults
}
