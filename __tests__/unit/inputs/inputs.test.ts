import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { describeFault, InputError } from '../../../src/base/errors.ts'
import { inputDefaults, readInputs, type Inputs } from '../../../src/inputs/inputs.ts'
import { secretsOf } from '../../../src/inputs/secrets.ts'

const read = (given: Readonly<Record<string, string>>): Inputs => readInputs((name) => given[name] ?? '')

/** What the user gets to read. */
function faults(given: Readonly<Record<string, string>>): string[] {
  try {
    read(given)
    return []
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.faults.map(describeFault)
  }
}

describe('readInputs', () => {
  it('fills in the defaults', () => {
    expect(read({ workload: 'web' })).toStrictEqual({
      command: 'deploy',
      workload: 'web',
      route: [],
      namespace: undefined,
      context: undefined,
      kubeconfig: undefined,
      manifests: [],
      images: [],
      strategy: 'blue-green',
      steps: [],
      smokeTests: [],
      checks: [],
      prometheus: undefined,
      prometheusHeaders: {},
      metrics: undefined,
      checkInterval: 15_000,
      failureLimit: 3,
      onNoData: 'fail',
      noDataTimeout: 300_000,
      probe: undefined,
      timeout: 600_000,
      bake: 30_000,
      previous: 'scale-down',
      watchdog: undefined,
      to: undefined,
      githubToken: undefined,
      comment: 'auto'
    })
  })

  it('reads everything', () => {
    const inputs = read({
      command: 'rollback',
      workload: 'deployment/web',
      route: 'service/web-public # inside\nhttproute/web',
      namespace: 'shop',
      context: 'arn:aws:eks:eu-west-1:1:cluster/shop',
      kubeconfig: 'apiVersion: v1\nkind: Config\n',
      manifests: 'k8s/ # all of it\ncharts/*.yaml',
      images: 'ghcr.io/acme/web:2',
      strategy: 'canary',
      steps: '\nheader x-canary: true for 1m # ours\n10% until approved\n100%\n',
      'smoke-tests': 'run: ./smoke.sh # 1\nGET /health -> 200 # 2',
      checks: 'success-rate >= 95%\nqueue: sum(x) < 5',
      prometheus: 'service/monitoring/prometheus:9090',
      'prometheus-headers': '# ours\nAuthorization: Bearer abc #1\nX-Scope-OrgID: 7',
      metrics: 'istio',
      'check-interval': '1s',
      'failure-limit': '1',
      'on-no-data': 'wait',
      'no-data-timeout': '0s',
      probe: 'https://shop.example.com/ by x-version',
      timeout: '1h',
      bake: '0s',
      previous: 'keep',
      to: 'shop/web:1',
      'github-token': 'ghs_1',
      comment: 'off'
    })
    expect(inputs).toMatchObject({
      command: 'rollback',
      workload: 'web',
      route: [
        { kind: 'service', name: 'web-public' },
        { kind: 'httproute', name: 'web' }
      ],
      namespace: 'shop',
      manifests: ['k8s/', 'charts/*.yaml'],
      images: [{ target: 'ghcr.io/acme/web' }],
      strategy: 'canary',
      steps: [
        { split: { weight: 0, header: { name: 'x-canary', value: 'true' } } },
        { split: { weight: 10 }, until: { kind: 'approval' } },
        { split: { weight: 100 } }
      ],
      smokeTests: [{ kind: 'command', run: './smoke.sh # 1' }, { kind: 'request' }],
      checks: [{ bound: 0.95 }, { bound: 5 }],
      prometheus: { kind: 'service', port: 9090 },
      prometheusHeaders: { Authorization: 'Bearer abc #1', 'X-Scope-OrgID': '7' },
      metrics: 'istio',
      checkInterval: 1_000,
      failureLimit: 1,
      probe: { url: 'https://shop.example.com/', header: 'x-version', requestHeaders: {} },
      timeout: 3_600_000,
      to: 'shop/web:1'
    })
  })

  it('reports all faults of all inputs at once', () => {
    expect(
      faults({
        command: 'depoly',
        workload: 'statefulset/db',
        'smoke-tests': 'GET /health -> 200\n\nGET /version',
        checks: '\n# ours\nsuccess-rate >= 95\nerror-rate <= 1%',
        timeout: '10'
      })
    ).toEqual([
      'command: "depoly" is not one of deploy, promote, abort, rollback, status, plan, cleanup; did you mean deploy? — for example: deploy',
      'workload: "statefulset/db" cannot be released, only Deployments can — for example: deployment/web',
      'smoke-tests, line 3: the line does not say which status must come back — for example: GET /health -> 200',
      'checks, line 3: the bound of success-rate needs its unit, % — for example: success-rate >= 95%',
      'timeout: "10" is not a duration; its units are h, m, s and ms — for example: 10m',
      'prometheus: checks need an address to ask — for example: service/monitoring/prometheus-server:80'
    ])
  })

  it.each([
    ['command', 'release', '"release" is not one of deploy, promote, abort, rollback, status, plan, cleanup'],
    ['workload', 'Web', '"Web" is not a name'],
    ['route', 'web', 'line 1: "web" is not a route, which is <kind>/<name> — for example: service/web'],
    ['route', 'ingress/web\n\ningress/web', 'line 3: "ingress/web" is already on line 1'],
    ['route', 'service/a\nservice/a', 'line 2: "service/a" is already on line 1'],
    ['namespace', 'a/b', '"a/b" is not a name'],
    ['kubeconfig', '~/.kube/config', 'is one line, but the content of a kubeconfig file is wanted'],
    ['strategy', 'canry', 'did you mean canary? — for example: canary'],
    ['strategy', 'rollout', '"rollout" is not one of blue-green, canary, rolling, recreate'],
    ['metrics', 'prometheus', '"prometheus" is not one of http, istio, nginx, traefik, envoy, linkerd'],
    ['probe', 'https://shop/', '"https://shop/" is not <URL> by <response header>'],
    ['images', 'web', '"web" names an image with neither tag nor digest'],
    ['images', 'nginx:1\ndocker.io/nginx:2', 'line 2: "docker.io/library/nginx" is already on line 1'],
    ['images', 'web=nginx:1\nweb=nginx:2', 'line 2: "web" is already on line 1'],
    ['checks', 'p95 latency < 1s\np95 latency < 2s', 'line 2: "p95 latency" is already on line 1'],
    ['checks', 'error-rate <= 1%\nerror-rate: x < 1', 'line 2: "error-rate" is already on line 1'],
    ['prometheus', 'prometheus:9090', '"prometheus:9090" is neither'],
    ['prometheus-headers', 'nonsense', 'line 1: not a header'],
    ['prometheus-headers', 'A: one\na: two', 'line 2: "a" is already on line 1'],
    ['check-interval', '500ms', '"500ms" is too short, at least 1s'],
    ['failure-limit', '0', '"0" is not a whole number from 1'],
    ['failure-limit', '1.5', '"1.5" is not a whole number from 1'],
    ['on-no-data', 'ignore', '"ignore" is not one of fail, wait'],
    ['no-data-timeout', 'never', '"never" is not a duration'],
    ['timeout', '0s', '"0s" is too short, at least 1ms'],
    ['timeout', '121h', '"121h" is too long, at most 120h'],
    ['bake', '-1s', '"-1s" is not a duration'],
    ['previous', 'kepe', 'did you mean keep?'],
    [
      'to',
      'shop/web:1',
      'to belongs to command rollback, and command is deploy — for example: command: rollback'
    ],
    ['comment', 'true', '"true" is not one of auto, off']
  ])('refuses %s %j', (name, text, problem) => {
    const found = faults({ workload: 'web', prometheus: 'https://prom', [name]: text })
    expect(found).toEqual([expect.stringContaining(problem)])
    expect(found[0]).toMatch(new RegExp(`^${name}\\b`))
  })

  it.each(['deploy', 'promote', 'abort', 'rollback', 'status', 'plan', 'cleanup'])(
    'needs to know what to %s',
    (command) => {
      expect(faults({ command })).toEqual([expect.stringContaining('nothing says which Deployment is meant')])
      expect(faults({ command, manifests: 'k8s' })).toEqual([])
      expect(faults({ command, workload: 'web' })).toEqual([])
    }
  )

  it('reports what is wrong with single steps and with all of them at once', () => {
    const steps = '10% for 5m\n\n# later\n30%\n5% for 1m\n50% for 0s\n40% for 1m\n'
    expect(faults({ workload: 'web', strategy: 'canary', steps })).toEqual([
      'steps, line 4: 30% would be over at once: say how long, or until approved — for example: 30% for 5m',
      'steps, line 6: "0s" is too short, at least 1ms — for example: 10% for 5m',
      'steps, line 5: the weights must rise, but "5% for 1m" comes after "10% for 5m" on line 1',
      'steps, line 7: the last step must be 100%, not "40% for 1m": add a line — for example: 100%'
    ])
  })

  it.each(['blue-green', 'rolling', 'recreate', ''])('takes no steps with strategy %j', (strategy) => {
    expect(faults({ workload: 'web', strategy, steps: '100%' })).toEqual([
      `steps: steps belong to strategy canary, and strategy is ${strategy || 'blue-green'} — for example: strategy: canary`
    ])
    expect(faults({ workload: 'web', strategy, steps: '# 100%' })).toEqual([])
  })

  it('does not hold a misspelt command against a version to go back to', () => {
    expect(faults({ workload: 'web', command: 'rolback', to: '7-1' })).toHaveLength(1)
    expect(faults({ workload: 'web', command: 'rollback', to: 'two words' })).toEqual([
      'to: "two words" is neither a release id, a revision nor an image — for example: 123456-1'
    ])
  })

  it('does not hold a misspelt strategy against the steps', () => {
    expect(faults({ workload: 'web', strategy: 'canry', steps: '100%' })).toHaveLength(1)
  })

  it('wants no Prometheus for checks that are commented out', () => {
    expect(faults({ workload: 'web', checks: '# success-rate >= 95%' })).toEqual([])
  })

  it('lets other commands have the inputs of deploy, so that jobs can share them', () => {
    const shared = { workload: 'web', images: 'web=a:1', 'smoke-tests': 'GET / -> 200' }
    expect(faults({ ...shared, command: 'status' })).toEqual([])
  })

  it('tells no secret in a fault', () => {
    const told = faults({
      kubeconfig: 's3cret',
      'prometheus-headers': 's3cret\ns3cret:\nX: s3cret\u0000\nX: s3cret\nX: s3cret',
      prometheus: 'https://user:s3cret@prom',
      probe: 'https://shop/ by x-version with Authorization: s3cret\u0007',
      'github-token': 's3cret'
    }).join('\n')
    expect(told).not.toContain('s3cret')
    expect(told.split('\n')).toHaveLength(8)
  })

  it('throws nothing but InputError, whatever is given', () => {
    const given = fc.dictionary(fc.constantFrom(...Object.keys(inputDefaults)), fc.string())
    fc.assert(
      fc.property(given, (texts) => {
        faults(texts)
      })
    )
  })
})

describe('secretsOf', () => {
  it('finds nothing where nothing is given', () => {
    expect(secretsOf(read({ workload: 'web' }))).toEqual([])
  })

  it('finds tokens, header values and the token in them', () => {
    const inputs = read({
      workload: 'web',
      'github-token': 'ghs_12345',
      'prometheus-headers':
        'Authorization: Bearer abcdef\nX-Api-Key: key with words\nX-Scope-OrgID: 7\nX-Again: abcdef'
    })
    expect(secretsOf(inputs)).toEqual(['ghs_12345', 'Bearer abcdef', 'key with words', 'abcdef'])
  })

  it.each([
    ['authorization: Bearer abcdef', ['Bearer abcdef', 'abcdef']],
    ['Cookie: id=abcdef', ['id=abcdef']],
    ['X-Api-Key: abcdef', ['abcdef']],
    ['CF-Access-Client-Secret: abcdef', ['abcdef']],
    ['X-Canary: true', []],
    ['Host: shop.example.com', []]
  ])('finds credentials in a probe with %s', (header, secrets) => {
    const inputs = read({ workload: 'web', probe: `https://shop/ by x-version with ${header}` })
    expect(secretsOf(inputs)).toEqual(secrets)
  })
})
