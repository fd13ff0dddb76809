import { describe, expect, it } from '@jest/globals'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { plainHeadline } from '../../src/report/headline.ts'
import { messageOf } from '../../src/base/errors.ts'
import { waiting } from '../support/memory/controllers.ts'
import { CLOSED, ingress, openEmpty, readIngress, toInstall, watchService } from './first.ts'
import { autoscaler, deploymentRef, service, workload, type RunOptions, type Scene } from './scene.ts'

const NOBODY = `${CLOSED} -> nobody`
const failing = () => ({ status: 500, headers: {}, body: '' })

it('installs what does not exist yet: nobody is served before the tests have passed, everybody after', async () => {
  const scene = await openEmpty()
  const seen = watchService(scene)
  const outcome = await scene.run(toInstall()).deploy()
  expect(outcome).toMatchObject({ result: 'promoted', first: true, reason: '', warnings: [] })
  expect(outcome.previous).toBeUndefined()
  expect(seen).toEqual([NOBODY, 'app=web -> v1 3'])
  expect(scene.story).toEqual([
    `service/web ${CLOSED} (running 0 %)`,
    'deployment/web 0 x shop/web:1',
    'deployment/web 3 x shop/web:1',
    'service/web app=web (running 100 %)',
    'autoscaler -> web',
    'service/web app=web (promoted 0 %)'
  ])
  expect(scene.record()).toMatchObject({ phase: 'promoted', stable: { slot: 'plain', deployment: 'web' } })
  expect(scene.record()?.previous).toBeUndefined()
  expect(scene.record()?.first).toBeUndefined()
  expect(readIngress(scene)).toBeDefined()
})

it('the next release takes over what was installed, and comes back to it', async () => {
  const scene = await openEmpty()
  await scene.run(toInstall()).deploy()
  const outcome = await scene.run({ inputs: { images: 'shop/web:2' } }).deploy()
  expect(outcome).toMatchObject({ result: 'promoted', previous: { deployment: 'web' } })
  expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
  expect(await scene.run().rollback()).toMatchObject({ result: 'rolled-back' })
  expect(scene.traffic()).toMatch(/-> v1 3$/)
})

it('there is nothing to roll back to after it', async () => {
  const scene = await openEmpty()
  await scene.run(toInstall()).deploy()
  await expect(scene.run().rollback()).rejects.toThrow('nothing to roll back to: service/web')
  expect(await scene.run(toInstall()).deploy()).toMatchObject({ result: 'unchanged', warnings: [] })
})

const failures: Readonly<Record<string, (scene: Awaited<ReturnType<typeof openEmpty>>) => void>> = {
  'a failing smoke test': ({ cluster }) => (cluster.answer = failing),
  'pods that cannot run': ({ controllers }) =>
    (controllers.life = () => ({ after: 1000, status: waiting('ErrImagePull', 'no such image') }))
}

describe.each(Object.entries(failures))('after %s', (_, fail) => {
  it('nobody is served, nothing is deleted, and what stays is told', async () => {
    const scene = await openEmpty()
    const seen = watchService(scene)
    fail(scene)
    const outcome = await scene.run(toInstall()).deploy()
    expect(outcome).toMatchObject({ result: 'rolled-back', first: true, unexposed: true })
    expect(outcome.serving).toBeUndefined()
    expect(outcome.next[0]).toBe(
      'Nobody is served: service/web has no endpoints. Nothing was deleted: service/web, deployment/web (scaled to 0) stay.'
    )
    expect(seen).toEqual([NOBODY])
    expect(scene.deployment('web').spec.replicas).toBe(0)
    expect(scene.record()).toMatchObject({ phase: 'rolled-back', first: true })
    expect(readIngress(scene)).toBeUndefined()
  })
})

/** Lets the pods of what serves crash in the middle of the bake. */
function crashInBake(scene: Scene): void {
  void scene.when('(running 100 %)', 5000, () => {
    for (const pod of scene.controllers.podsOf('web'))
      scene.controllers.change(pod, waiting('CrashLoopBackOff', 'back-off'))
  })
}

it('a failing bake takes the users away in one write, and says that the route stays', async () => {
  const scene = await openEmpty()
  const seen = watchService(scene)
  crashInBake(scene)
  const outcome = await scene.run(toInstall({ inputs: { bake: '5m' } })).deploy()
  expect(outcome).toMatchObject({ result: 'rolled-back', first: true })
  expect(outcome.unexposed).toBeUndefined()
  expect(outcome.next[0]).toBe(
    'Nobody is served: service/web has no endpoints. Nothing was deleted: service/web, deployment/web (scaled to 0), horizontalpodautoscaler/web, ingress/web stay.'
  )
  expect(seen.at(-1)).toBe(NOBODY)
  expect(scene.deployment('web').spec.replicas).toBe(0)
  expect(readIngress(scene)).toBeDefined()
})

it('the next run installs it again over what stays', async () => {
  const scene = await openEmpty()
  crashInBake(scene)
  await scene.run(toInstall({ inputs: { bake: '5m' } })).deploy()
  const again = toInstall({}, [ingress, autoscaler(), service(), workload('web', { version: 2 })])
  const seen = watchService(scene)
  expect(await scene.run(again).deploy()).toMatchObject({ result: 'promoted', first: true })
  expect(seen.at(-1)).toBe('app=web -> v2 3')
  expect(await scene.run({ inputs: { images: 'shop/web:3' } }).deploy()).toMatchObject({ result: 'promoted' })
  expect(scene.traffic()).toMatch(/-> v3 3$/)
})

it('a cancelled run leaves nobody served, and its post step does the rest', async () => {
  const scene = await openEmpty()
  const run = scene.run(toInstall({ inputs: { bake: '5m' } }))
  void scene.when('(running 100 %)', 5000, () => {
    run.cancel()
  })
  expect(await run.deploy()).toMatchObject({ result: 'aborted', first: true })
  expect(scene.traffic()).toBe(NOBODY)
  expect(await run.post()).toBe('Release 1-1 was undone: nobody is served, web is scaled down.')
  expect(scene.deployment('web').spec.replicas).toBe(0)
})

/** A run that was killed in the middle of the bake. */
async function left(): Promise<Scene> {
  const scene = await openEmpty()
  const run = scene.run(toInstall({ inputs: { bake: '5m' } }))
  void run.deploy()
  await scene.when('(running 100 %)', 5000, () => {
    run.kill()
  })
  await scene.clock.sleep(30_000)
  return scene
}

describe('a run that died when users were on it', () => {
  it('is finished by the next deploy, which takes it from nobody', async () => {
    const scene = await left()
    const seen = watchService(scene)
    expect(await scene.run(toInstall()).deploy()).toMatchObject({ result: 'unchanged', warnings: [] })
    expect(scene.record()).toMatchObject({ phase: 'promoted' })
    expect(seen).toEqual(['app=web -> v1 3'])
    expect(scene.deployment('web').spec.replicas).toBe(3)
  })

  it('is finished before another version is released beside it', async () => {
    const scene = await left()
    const next = toInstall({}, [ingress, autoscaler(), service(), workload('web', { version: 2 })])
    expect(await scene.run(next).deploy()).toMatchObject({
      result: 'promoted',
      previous: { deployment: 'web' }
    })
    expect(scene.traffic()).toBe('app=web,greenlight.dev/slot=green -> v2 3')
  })

  it('is taken back by an abort', async () => {
    const scene = await left()
    expect(await scene.run().abort()).toMatchObject({ result: 'aborted', first: true })
    expect(scene.traffic()).toBe(NOBODY)
    expect(scene.deployment('web').spec.replicas).toBe(0)
  })

  it('is left alone by a cleanup', async () => {
    const scene = await left()
    expect(await scene.run().cleanup()).toMatchObject({ result: 'unchanged' })
    expect(scene.traffic()).toBe('app=web -> v1 3')
  })

  it('is told by a status', async () => {
    const scene = await left()
    const lines: string[] = []
    const outcome = await scene.run({ quote: (text) => lines.push(text) }).status()
    expect(outcome).toMatchObject({ runner: 'gone', first: true, serving: { deployment: 'web' }, ready: 3 })
    expect(outcome.next[0]).toMatch(/the next deploy finishes the installation/)
    expect(lines[0]).toMatch(/^service\/web sends all traffic to deployment\/web: 3 of 3 pods ready/)
  })
})

describe('after a failed one', () => {
  async function failed(): Promise<Scene> {
    const scene = await openEmpty()
    scene.cluster.answer = failing
    await scene.run(toInstall()).deploy()
    return scene
  }

  it('status says that nobody is served', async () => {
    const scene = await failed()
    const lines: string[] = []
    const outcome = await scene.run({ quote: (text) => lines.push(text) }).status()
    expect(outcome).toMatchObject({ result: 'unchanged', first: true })
    expect(outcome.serving).toBeUndefined()
    expect(plainHeadline(outcome)).toBe('web: nobody is served')
    expect(lines[0]).toBe('service/web has no endpoints: no version serves yet')
  })

  it.each(['', 'shop/web:1'])('there is nothing to roll back to (to: %s)', async (to) => {
    const scene = await failed()
    await expect(scene.run({ inputs: { command: 'rollback', to } }).rollback()).rejects.toThrow(
      /nothing to roll back to: no version of web serves/
    )
  })

  it('it may be installed behind another Service, and what is left of the first says nothing then', async () => {
    const scene = await failed()
    scene.cluster.answer = () => ({ status: 200, headers: {}, body: '' })
    const shop = { ...service(), metadata: { name: 'shop', namespace: 'shop' } }
    expect(await scene.run(toInstall({}, [workload(), shop])).deploy()).toMatchObject({
      result: 'promoted',
      first: true
    })
    for (const version of [2, 3])
      expect(await scene.run({ inputs: { images: `shop/web:${version}` } }).deploy()).toMatchObject({
        result: 'promoted',
        route: 'service/shop'
      })
    expect([scene.traffic(), scene.traffic('shop')]).toEqual([NOBODY, expect.stringMatching(/-> v3 3$/)])
  })

  it('images alone are not enough', async () => {
    const scene = await failed()
    await expect(scene.run().deploy()).rejects.toThrow(/its installation 1-1 has failed/)
  })

  it('somebody who opens the Service by hand has a workload like any other', async () => {
    const scene = await failed()
    const { name, namespace } = scene.service().metadata
    const selector = [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }] as const
    const patched = scene.cluster.connect()
    await patched.patch({ apiVersion: 'v1', kind: 'Service', namespace, name }, selector)
    await patched.patch(deploymentRef('web'), [{ op: 'replace', path: '/spec/replicas', value: 3 }])
    await scene.clock.sleep(10_000)
    scene.cluster.answer = () => ({ status: 200, headers: {}, body: '' })
    const outcome = await scene.run({ inputs: { images: 'shop/web:2' } }).deploy()
    expect(outcome).toMatchObject({ result: 'promoted', previous: { deployment: 'web' } })
  })
})

describe('plan', () => {
  it('shows that all is new, and what is skipped', async () => {
    const scene = await openEmpty()
    const inputs = {
      strategy: 'canary',
      checks: 'like stable',
      prometheus: 'http://prometheus',
      watchdog: 'kubectl:1'
    }
    const outcome = await scene.run(toInstall({ inputs })).plan()
    expect(outcome).toMatchObject({ result: 'planned', first: true })
    expect(outcome.plan?.changes.map(({ object, state }) => `${object} ${state}`)).toEqual([
      'Deployment web new',
      'Ingress web new',
      'HorizontalPodAutoscaler web new',
      'Service web new'
    ])
    expect(outcome.plan?.steps).toEqual([
      'Service without endpoints until web has passed',
      'Apply Service web',
      'Start web with 3 pods',
      'Wait until web is ready',
      'Smoke tests on web, port 8080',
      'Move all traffic to web',
      'Apply HorizontalPodAutoscaler web',
      'Apply Ingress web',
      'Bake: watch web under all traffic',
      'Record the result: web is live'
    ])
    expect(outcome.warnings).toEqual([
      'the steps are skipped: at a first installation there is nobody to share the traffic with',
      'like stable skipped: at a first installation there is no old version to compare with',
      'no watchdog is started: at a first installation there is no old version to go back to'
    ])
    expect(plainHeadline(outcome)).toBe('web would be installed with shop/web:1: no version serves yet')
    expect(scene.story).toEqual([])
  })
})

const refused: Readonly<Record<string, readonly [KubernetesObject[], RunOptions, RegExp]>> = {
  'without manifests': [
    [],
    { inputs: { images: 'shop/web:1' } },
    /does not exist in namespace shop; there is no Deployment/
  ],
  'without a Service in them': [[], toInstall({}, [workload()]), /^manifests: no Service in them selects/],
  'without the Deployment in them': [
    [],
    toInstall({}, [service()]),
    /they hold no Deployment web that could be installed/
  ],
  'a mistyped workload beside that of the cluster': [
    [workload(), service()],
    toInstall({ inputs: { workload: 'wbe' } }),
    /deployment\/wbe .* does not exist in namespace shop; did you mean web\? There are web/
  ],
  'a mistyped workload beside that of the manifests': [
    [],
    toInstall({ inputs: { workload: 'wbe' } }),
    /they hold no Deployment wbe that could be installed; did you mean web\?/
  ],
  "somebody else's pods behind the Service": [
    [workload('api'), service()],
    toInstall(),
    /service\/web would select pod api-\S+ .*, which is not of deployment\/web/
  ],
  'several Services': [
    [],
    toInstall({}, [workload(), service(), { ...service(), metadata: { name: 'web-admin' } }]),
    /2 Services of the manifests select the pods of Deployment web/
  ],
  'a port that no container has': [
    [],
    toInstall({}, [
      workload(),
      {
        ...service(),
        spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'https' }] }
      } as KubernetesObject
    ]),
    /port 80 of Service web leads to the port named https/
  ]
}

it.each(Object.entries(refused))('refuses %s, and changes nothing', async (_, [objects, options, why]) => {
  const scene = await openEmpty(objects)
  const before = scene.story.length
  const told = await scene
    .run(options)
    .deploy()
    .then((outcome) => JSON.stringify(outcome), messageOf)
  expect(told).toMatch(why)
  expect(scene.story.slice(before)).toEqual([])
})

it('takes the right to create Services, which no other release takes', async () => {
  const scene = await openEmpty()
  scene.cluster.listsRules = false
  scene.cluster.isDenied = ({ verb, resource }) => verb === 'create' && resource === 'services'
  const told = await scene
    .run(toInstall())
    .deploy()
    .then(() => '', messageOf)
  expect(told).toContain('no version of web exists in namespace shop, so that it would be installed there')
  expect(told).toContain('cannot create services in namespace shop')
  expect(told).toContain('apply examples/kubernetes/role-install.yaml there')
  expect(scene.story).toEqual([])
})

it('narrows a Service that is there and selects nobody', async () => {
  const scene = await openEmpty([service({ app: 'web', tier: 'old' })])
  const seen = watchService(scene)
  expect(await scene.run(toInstall()).deploy()).toMatchObject({ result: 'promoted' })
  expect(seen).toEqual(['app=web,tier=old -> nobody', NOBODY, 'app=web -> v1 3'])
})

it('looks again where somebody creates the Service in the same moment', async () => {
  const scene = await openEmpty()
  let come = false
  const before: RunOptions['before'] = ({ verb, kind, dryRun }) => {
    if (come || dryRun || verb !== 'create' || kind !== 'Service') return
    come = true
    scene.cluster.create(service())
  }
  const outcome = await scene.run(toInstall({ before })).deploy()
  expect(outcome.result).toBe('failed')
  expect(outcome.reason).toMatch(
    /somebody created service\/web while the release was prepared. Nothing was changed. Run again/
  )
  expect(scene.service().spec.selector).toEqual({ app: 'web' })
})

it.each(['rolling', 'recreate', 'canary'])('strategy %s installs in the same way', async (strategy) => {
  const scene = await openEmpty()
  expect(await scene.run(toInstall({ inputs: { strategy } })).deploy()).toMatchObject({ result: 'promoted' })
  expect(scene.traffic()).toBe('app=web -> v1 3')
})

it('all Services that are named have no endpoints until then', async () => {
  const scene = await openEmpty()
  const second = { ...service(), metadata: { name: 'web-admin', namespace: 'shop' } }
  const options = toInstall({ inputs: { route: 'service/web\nservice/web-admin' } }, [
    workload(),
    service(),
    second
  ])
  scene.cluster.answer = failing
  await scene.run(options).deploy()
  expect([scene.traffic(), scene.traffic('web-admin')]).toEqual([NOBODY, NOBODY])
  scene.cluster.answer = () => ({ status: 200, headers: {}, body: '' })
  expect(await scene.run(options).deploy()).toMatchObject({ result: 'promoted' })
  expect([scene.traffic(), scene.traffic('web-admin')]).toEqual(['app=web -> v1 3', 'app=web -> v1 3'])
})

it('warns of other Services that lead users to pods before they are tested', async () => {
  const scene = await openEmpty()
  const second = { ...service(), metadata: { name: 'web-admin', namespace: 'shop' } }
  const options = toInstall({ inputs: { route: 'service/web' } }, [workload(), service(), second])
  const outcome = await scene.run(options).deploy()
  expect(outcome).toMatchObject({ result: 'promoted' })
  expect(outcome.warnings).toEqual([
    expect.stringMatching(
      /^service\/web-admin \(app=web\) selects the pods as well: .* before they are tested/
    )
  ])
})

it('runs the Jobs that Helm would run at an installation, before and after it', async () => {
  const scene = await openEmpty()
  const hook = (name: string, moment: string): KubernetesObject =>
    ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, annotations: { 'helm.sh/hook': moment } },
      spec: {
        template: {
          metadata: { labels: { app: name } },
          spec: { restartPolicy: 'Never', containers: [{ name, image: 'shop/web:1' }] }
        }
      }
    }) as KubernetesObject
  const hooks = [hook('migrate', 'pre-install'), hook('greet', 'post-install'), hook('later', 'pre-upgrade')]
  const outcome = await scene.run(toInstall({}, [workload(), service(), ...hooks])).deploy()
  expect(outcome).toMatchObject({ result: 'promoted' })
  expect(outcome.jobs?.map(({ name, moment }) => `${name} ${moment}`)).toEqual([
    'migrate-1-1 before',
    'greet-1-1 after'
  ])
})
