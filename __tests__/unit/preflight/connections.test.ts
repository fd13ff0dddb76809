import { describe, expect, it } from '@jest/globals'
import type { Container, Deployment, PodSpec } from '../../../src/kubernetes/objects.ts'
import { connectionWarnings } from '../../../src/preflight/connections.ts'
import { service, workload } from '../../scenarios/scene.ts'

type Strategy = 'rolling' | 'recreate' | undefined

const preStop = (seconds: number): Partial<Container> => ({ lifecycle: { preStop: { sleep: { seconds } } } })
const exec = (...command: string[]): Partial<Container> => ({ lifecycle: { preStop: { exec: { command } } } })

/** A container named web with port http and a readiness probe, unless said otherwise. */
function deployment(name: string, web: Partial<Container> = {}, pod: Partial<PodSpec> = {}): Deployment {
  const made = workload(name)
  const { template } = made.spec
  const containers = template.spec.containers.map((container) => ({ ...container, ...web }))
  return { ...made, spec: { ...made.spec, template: { ...template, spec: { containers, ...pod } } } }
}

const warnings = (stable: Deployment, canary: Deployment, strategy?: Strategy): string[] =>
  connectionWarnings({ stable, canary, service: service(), strategy })

/** Of a release in which both versions are alike. */
const both = (web: Partial<Container> = {}, pod: Partial<PodSpec> = {}, strategy?: Strategy): string[] =>
  strategy === undefined
    ? warnings(deployment('web', web, pod), deployment('web-green', web, pod))
    : warnings(deployment('web', web, pod), deployment('web', web, pod), strategy)

describe('a well-made workload is not talked about', () => {
  it.each<[string, string[]]>([
    ['beside the other: the drain is pause enough', both()],
    ['in place, with a pause', both(preStop(10), {}, 'rolling')],
    ['in place, with a pause by a command', both(exec('sleep', '5'), {}, 'rolling')],
    ['where all old pods end first, and users wait anyway', both({}, {}, 'recreate')],
    ['with a startup probe', both({ readinessProbe: undefined, startupProbe: {} })],
    [
      'with a readiness gate',
      both({ readinessProbe: undefined }, { readinessGates: [{ conditionType: 'lb' }] })
    ],
    ['with a short grace period', both({}, { terminationGracePeriodSeconds: 5 })],
    ['with a pause in its grace period', both(preStop(20), { terminationGracePeriodSeconds: 30 })]
  ])('%s', (_, found) => {
    expect(found).toEqual([])
  })
})

describe('warns of', () => {
  it('pods that count as ready at once', () => {
    expect(both({ readinessProbe: undefined })).toEqual([
      'deployment/web-green: container web has no readinessProbe: its pods count as ready as soon as they run, so that users may come before anything listens; add for example readinessProbe: {httpGet: {path: /health, port: http}}'
    ])
  })

  it.each([0, 1])('a grace period of %i s, once for both versions', (seconds) => {
    expect(both({}, { terminationGracePeriodSeconds: seconds })).toEqual([
      `deployment/web and deployment/web-green: terminationGracePeriodSeconds: ${seconds} kills its pods in the middle of requests on connections that are kept open; set terminationGracePeriodSeconds: 30, or what the longest request takes`
    ])
  })

  it('the one version that it is about', () => {
    const found = warnings(
      deployment('web', {}, { terminationGracePeriodSeconds: 0 }),
      deployment('web-green')
    )
    expect(found).toEqual([expect.stringMatching(/^deployment\/web: terminationGracePeriodSeconds: 0/)])
  })

  it.each([preStop(30), exec('/bin/sh', '-c', 'sleep 30')])(
    'a pause that leaves no time to end requests: %j',
    (web) => {
      expect(both(web, { terminationGracePeriodSeconds: 30 }, 'rolling')).toEqual([
        'deployment/web: its preStop hook sleeps 30 s of terminationGracePeriodSeconds: 30, so that its pods are killed before they can end their requests; set terminationGracePeriodSeconds: 60'
      ])
    }
  )

  it('pods that are replaced in place while users are on them', () => {
    expect(both({}, {}, 'rolling')).toEqual([
      'deployment/web: container web has no preStop hook: in place its pods end while proxies still send them requests, which fail unless it goes on answering for some seconds after SIGTERM; add lifecycle: {preStop: {sleep: {seconds: 10}}}'
    ])
  })
})

it('tells a port that leads to nothing in either version', () => {
  const stale = { port: 9090, targetPort: 'metrics' }
  const both = { ...service(), spec: { ports: [{ port: 80, targetPort: 'http' }, stale] } }
  const [one, other] = [deployment('web', preStop(5)), deployment('web-green', preStop(5))]
  expect(connectionWarnings({ stable: one, canary: other, service: both, strategy: undefined })).toEqual([
    'service/web: port 9090 leads to the port named metrics, which neither version has: nobody is served through it'
  ])
})

describe('it is about the containers that users reach', () => {
  const sidecar: Container = { name: 'log', ports: [{ name: 'metrics', containerPort: 9090 }] }
  const withSidecar = (web: Partial<Container>): Partial<PodSpec> => ({
    containers: [sidecar, ...deployment('web', web).spec.template.spec.containers]
  })

  it('not about one beside them', () => {
    expect(both({}, withSidecar(preStop(5)), 'rolling')).toEqual([])
  })

  it('whatever the one beside them has', () => {
    expect(both({}, withSidecar({}), 'rolling')).toEqual([
      expect.stringContaining('container web has no preStop hook')
    ])
  })

  it('found by the number of the port, too', () => {
    const numbered = { ...service(), spec: { ports: [{ port: 80, targetPort: 8080 }] } }
    const one = deployment('web', {}, withSidecar(preStop(5)))
    expect(connectionWarnings({ stable: one, canary: one, service: numbered, strategy: 'rolling' })).toEqual(
      []
    )
  })
})
