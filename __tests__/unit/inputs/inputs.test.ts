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
  it('refuses what the object of a controller decides itself', () => {
    const given = { route: 'service/web', strategy: 'canary', steps: '10% for 5m\n100%', previous: 'keep' }
    const watchdog = 'registry.k8s.io/kubectl:v1.36.1'
    expect(faults({ workload: 'rollout/web', ...given, watchdog })).toEqual([
      'route: route has no say in rollout/web: that is decided by the Services and routes that its spec.strategy names — for example: no route, or workload: deployment/web',
      'strategy: strategy has no say in rollout/web: that is decided by spec.strategy.blueGreen or spec.strategy.canary — for example: no strategy, or workload: deployment/web',
      'steps: steps has no say in rollout/web: that is decided by spec.strategy.canary.steps — for example: no steps, or workload: deployment/web',
      'previous: previous has no say in rollout/web: that is decided by scaleDownDelaySeconds of its strategy — for example: no previous, or workload: deployment/web',
      'watchdog: watchdog has no say in rollout/web: that is decided by its controller, which goes on without a runner — for example: no watchdog, or workload: deployment/web'
    ])
    // As the runner gives them where nobody has set them.
    const unset = { strategy: 'blue-green', previous: 'scale-down', steps: '# none' }
    expect(faults({ workload: 'rollout/web', ...unset })).toEqual([])
    expect(faults({ workload: 'deployment/web', ...given })).toEqual([])
  })

  it('refuses what a Canary of Flagger decides itself', () => {
    const given = { route: 'service/web', strategy: 'canary', steps: '10% for 5m\n100%', previous: 'keep' }
    const others = { watchdog: 'registry.k8s.io/kubectl:v1.36.1', metrics: 'traefik' }
    expect(faults({ workload: 'canary/web', ...given, ...others })).toEqual([
      'route: route has no say in canary/web: that is decided by its spec.provider and spec.service — for example: no route, or workload: deployment/web',
      'strategy: strategy has no say in canary/web: that is decided by its spec.analysis: stepWeight or stepWeights, or iterations — for example: no strategy, or workload: deployment/web',
      'steps: steps has no say in canary/web: that is decided by stepWeight and maxWeight, or stepWeights, of its spec.analysis — for example: no steps, or workload: deployment/web',
      'previous: previous has no say in canary/web: that is decided by Flagger, which replaces the pods that serve and keeps none — for example: no previous, or workload: deployment/web',
      'watchdog: watchdog has no say in canary/web: that is decided by Flagger, which goes on without a runner — for example: no watchdog, or workload: deployment/web',
      'metrics: the versions of canary/web cannot be told apart in the metrics of traefik, only in those of their pods — for example: no metrics, or metrics: http'
    ])
  })

  it('refuses what would do nothing beside a controller', () => {
    const given = {
      ...{ command: 'plan', probe: 'https://shop.example.com/ by x-version', replay: '24h' },
      ...{ checks: 'like stable', prometheus: 'https://prometheus.example.com' }
    }
    expect(faults({ workload: 'rollout/web', ...given })).toEqual([
      'probe: probe is for Deployments, and does nothing with rollout/web: the share of the users is what the controller tells — for example: no probe',
      'replay: replay is for Deployments, and does nothing with rollout/web: plan tries the checks on what serves now — for example: no replay'
    ])
    expect(faults({ workload: 'web', ...given })).toEqual([])
    const jobs = { before: 'job/migrate', after: 'job/notify' }
    expect(faults({ workload: 'canary/web', ...jobs })).toEqual([
      'before: before is for Deployments, and does nothing with canary/web: a Job that has to be done first is for a step before this one — for example: no before',
      'after: after is for Deployments, and does nothing with canary/web: a Job that comes after it is for a step of its own — for example: no after'
    ])
  })

  it('follows, and leaves, only what a controller goes on with', () => {
    const later = { 'leave-after': '5h' }
    const leaving =
      'leave-after: leave-after belongs to workloads that a controller releases: the release of a Deployment ends when its run does — for example: no leave-after, or workload: rollout/web'
    const following =
      'command: follow takes up a release that a controller carries out, and a Deployment is released by its run alone — for example: workload: rollout/web'
    expect(faults({ workload: 'web', ...later })).toEqual([leaving])
    expect(faults({ manifests: 'web.yaml', command: 'follow', ...later })).toEqual([leaving, following])
    expect(faults({ workload: 'rollout/web', command: 'follow', ...later })).toEqual([])
    // What cannot be read may have been meant as one.
    expect(faults({ workload: 'rolout/web', command: 'follow', ...later })).toEqual([
      expect.stringMatching(/^workload: /)
    ])
  })

  it('fills in the defaults', () => {
    expect(read({ workload: 'web' })).toStrictEqual({
      command: 'deploy',
      workload: { kind: 'deployment', name: 'web' },
      route: [],
      namespace: undefined,
      context: undefined,
      kubeconfig: undefined,
      manifests: [],
      images: [],
      before: [],
      after: [],
      strategy: 'blue-green',
      steps: [],
      gates: { kind: 'approve' },
      smokeTests: [],
      checks: [],
      prometheus: undefined,
      prometheusHeaders: {},
      datadog: 'https://api.datadoghq.com',
      checkHeaders: {},
      metrics: undefined,
      checkInterval: 15_000,
      failureLimit: 3,
      onNoData: 'fail',
      noDataTimeout: 300_000,
      warmUp: 60_000,
      onInconclusive: 'hold',
      probe: undefined,
      timeout: 600_000,
      bake: 30_000,
      leaveAfter: 20_700_000,
      previous: 'scale-down',
      watchdog: undefined,
      to: undefined,
      onlyIf: undefined,
      replay: undefined,
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
      previous: 'keep for 1h',
      to: 'shop/web:1',
      'only-if': '123456-1',
      'github-token': 'ghs_1',
      comment: 'off'
    })
    expect(inputs).toMatchObject({
      command: 'rollback',
      workload: { kind: 'deployment', name: 'web' },
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
      previous: { for: 3_600_000 },
      to: 'shop/web:1',
      onlyIf: '123456-1'
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
      'command: "depoly" is not one of deploy, promote, follow, abort, rollback, status, plan, cleanup, leave; did you mean deploy? — for example: deploy',
      'workload: "statefulset/db" cannot be released, only Deployments, Rollouts and Canaries can — for example: deployment/web',
      'smoke-tests, line 3: the line does not say which status must come back — for example: GET /health -> 200',
      'checks, line 3: the bound of success-rate needs its unit, % — for example: success-rate >= 95%',
      'timeout: "10" is not a duration; its units are h, m, s and ms — for example: 10m',
      'prometheus: checks need an address to ask — for example: service/monitoring/prometheus-server:80'
    ])
  })

  it.each([
    [
      'command',
      'release',
      '"release" is not one of deploy, promote, follow, abort, rollback, status, plan, cleanup'
    ],
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
    ['datadog', 'datadog', '"datadog" is neither a site of Datadog nor an http(s) URL'],
    ['datadog', 'https://api.datadoghq.eu/?a=s3cret', 'wanted is a site alone, or the base of a URL'],
    ['check-headers', 'Authorization: Bearer x', 'line 1: not a header for a host'],
    ['check-headers', 'https://a.example/v1 X: y', 'line 1: a header is for a whole host'],
    ['check-headers', 'https://u:p@a.example X: y', 'line 1: a header is for a whole host'],
    ['check-headers', 'https://a.example nonsense', 'line 1: after the host: not a header'],
    [
      'check-headers',
      'https://A.example:443 X: 1\nhttps://a.example x: 2',
      'line 2: "https://a.example x" is already on line 1'
    ],
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

  it('wants no Prometheus for checks that ask others', () => {
    const web = 'incidents: GET https://status.example.com/ $.incidents.length < 1'
    expect(faults({ workload: 'web', checks: web })).toEqual([])
    expect(faults({ workload: 'web', checks: `${web}\nerror-rate <= 1%` })).toEqual([
      expect.stringMatching(/^prometheus: checks need an address/)
    ])
    const misspelt = faults({ workload: 'web', checks: web.replace('<', 'below') })
    expect(misspelt).toEqual([expect.stringMatching(/^checks, line 1: .* does not end with </)])
  })

  it('wants both keys of Datadog, for the site that is asked', () => {
    const checks = 'cpu: datadog avg:system.cpu.user{*} < 80'
    const missing = (key: string, origin: string): unknown =>
      expect.stringContaining(`there is no ${key} for ${origin} — for example: ${origin} ${key}: \${{`)
    const [usual, europe] = ['https://api.datadoghq.com', 'https://api.datadoghq.eu']
    expect(faults({ workload: 'web', checks })).toEqual([
      missing('DD-API-KEY', usual),
      missing('DD-APPLICATION-KEY', usual)
    ])
    const keys = `${usual} dd-api-key: s3cret\n${usual} DD-Application-Key: s3cret`
    const given = { workload: 'web', checks, 'check-headers': keys }
    expect(faults(given)).toEqual([])
    expect(faults({ ...given, datadog: 'datadoghq.eu' })).toEqual([
      missing('DD-API-KEY', europe),
      missing('DD-APPLICATION-KEY', europe)
    ])
  })

  it.each([
    ['datadoghq.eu', 'https://api.datadoghq.eu'],
    ['us5.datadoghq.com', 'https://api.us5.datadoghq.com'],
    ['app.datadoghq.com', 'https://api.datadoghq.com'],
    ['https://api.ddog-gov.com/', 'https://api.ddog-gov.com'],
    ['http://127.0.0.1:8080/base/', 'http://127.0.0.1:8080/base']
  ])('finds the API of Datadog at %s', (datadog, api) => {
    expect(read({ workload: 'web', datadog }).datadog).toBe(api)
  })

  it('keeps headers apart by scheme, name and port of the host', () => {
    const headers =
      'https://A.example:443/ X: 1\nhttps://a.example Y: 2 #3\nhttp://a.example X: 4\nhttps://a.example:8443 X: 5'
    expect(read({ workload: 'web', 'check-headers': headers }).checkHeaders).toEqual({
      'https://a.example': { X: '1', Y: '2 #3' },
      'http://a.example': { X: '4' },
      'https://a.example:8443': { X: '5' }
    })
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
      'check-headers': 's3cret\nhttps://a s3cret\nhttps://a?s3cret X: s3cret\nhttps://a X: s3cret\u0007',
      checks:
        'a: GET https://a/?key=s3cret $.a\nb: GET https://user:s3cret@a/ $.a < 1\nc: GET https://a/?s3cret#s3cret $.a < 1',
      'github-token': 's3cret'
    }).join('\n')
    expect(told).not.toContain('s3cret')
    expect(told.split('\n')).toHaveLength(15)
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

  it('finds the headers of checks, and what is called like a secret in the query of a URL', () => {
    const inputs = read({
      workload: 'web',
      'check-headers': 'https://a.example Authorization: Bearer abcdef',
      checks: 'a: GET https://b.example/?api_key=12%33456&service=checkout&slot=$slot $.a < 1'
    })
    expect(secretsOf(inputs)).toEqual(['Bearer abcdef', '123456', 'abcdef'])
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
