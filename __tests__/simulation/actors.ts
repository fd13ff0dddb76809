import { readRecord } from '../../src/domain/read-record.ts'
import { isUnfinished, RECORD_ANNOTATION, type Release } from '../../src/domain/record.ts'
import { isEnding, isReady } from '../../src/kubernetes/health.ts'
import type { HorizontalPodAutoscaler } from '../../src/kubernetes/limits.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { FENCE_ANNOTATION } from '../../src/lock/fence.ts'
import { refOf } from '../support/memory/memory-cluster.ts'
import { READY, waiting } from '../support/memory/controllers.ts'
import type { HttpRoute } from '../support/memory/gateway-controller.ts'
import type { Stored } from '../support/memory/stored.ts'
import {
  autoscalerRef,
  deploymentRef,
  leaseRef,
  serviceRef,
  workloadLeaseRef
} from '../support/memory/shop.ts'
import { templateOf } from './attribution.ts'
import type { Edit, WorldFault } from './schedule.ts'
import type { Stage } from './stage.ts'
import { deploymentIn, ownerOf, holderIn, podsIn, routesIn, serviceIn, SLOTS } from './users.ts'
import { routeOf, serviceOf } from './world.ts'

/** What people, their tools and the cluster itself do while runs are on their way. */

const WHO = 'somebody'

/** What keeps other runs out. */
const LOCKS = [workloadLeaseRef, leaseRef]

/** Milliseconds until a container has been started again. */
const RESTART = 15_000

export function happen(stage: Stage, fault: WorldFault): void {
  const { clock, controllers, api, world } = stage
  if (stage.isWell) return
  if (fault.kind === 'edit' && api.goneUntil > clock.now()) {
    void clock.sleep(api.goneUntil - clock.now()).then(() => {
      happen(stage, fault)
    })
    return
  }
  switch (fault.kind) {
    case 'no api':
      stage.story.note('the world', `(no API server for ${fault.ms / 1000} s)`)
      api.goneUntil = Math.max(api.goneUntil, clock.now() + fault.ms)
      return
    case 'controller lag':
      controllers.lag = fault.by
      void clock.sleep(fault.ms).then(() => (controllers.lag = world.lag))
      return
    case 'pods crash':
      crash(stage, fault.of, fault.count)
      return
    case 'edit':
      edit(stage, fault.edit)
  }
}

const releaseIn = ({ cluster }: Stage): Release | undefined => readRecord(serviceIn(cluster))

/** Stable and canary of the release that is on record. */
function nameOf(stage: Stage, side: 'stable' | 'canary'): string | undefined {
  const release = releaseIn(stage)
  if (release !== undefined) return release[side].deployment
  return side === 'canary' ? undefined : stage.world.start === 'plain' ? 'web' : 'web-blue'
}

function crash(stage: Stage, side: 'stable' | 'canary', count: number): void {
  const name = nameOf(stage, side)
  const running = podsIn(stage.cluster).filter((pod) => ownerOf(pod) === name && isReady(pod))
  for (const pod of running.slice(0, count)) {
    stage.attribution.afflict(pod)
    stage.controllers.change(pod, waiting('CrashLoopBackOff'))
    void stage.clock.sleep(RESTART).then(() => {
      const live = podsIn(stage.cluster).find(({ metadata }) => metadata.name === pod.metadata.name)
      if (live !== undefined && !isEnding(live)) stage.controllers.change(live, READY)
    })
  }
}

function edit(stage: Stage, change: Edit): void {
  const { cluster, world, attribution } = stage
  const release = releaseIn(stage)
  const midRelease = release !== undefined && isUnfinished(release)
  switch (change.what) {
    case 'label':
      for (const object of objectsOfKind(stage, change.kind)) relabel(stage, object)
      return
    case 'add a port':
      addPort(stage)
      return
    case 'add a rule':
      for (const route of routesIn(cluster)) addRule(stage, route)
      return
    case 'apply the Service':
      // Outside a release that is a way to move the traffic: then whoever does so means it.
      if (midRelease) applyAgain(stage, serviceOf(world))
      return
    case 'apply the routes':
      if (midRelease) for (const name of world.routes) applyAgain(stage, routeOf(name))
      return
    case 'image of the canary':
      if (midRelease) setImage(stage, release.canary.deployment)
      return
    case 'replicas':
      scale(stage, change.of, change.count)
      return
    case 'delete the lock':
      attribution.meddle('lock')
      for (const ref of LOCKS) cluster.remove(ref, WHO)
      return
    case 'take the lock':
      takeLock(stage)
      return
    case 'write a claim':
    case 'write an older record':
    case 'write the record of others':
      // Where no run is that has the lock, nobody can tell it from what a run has written.
      if (midRelease && holderIn(cluster) !== undefined)
        for (const object of objectsOfKind(stage, change.on)) forge(stage, object, change.what)
  }
}

function objectsOfKind({ cluster }: Stage, kind: string): readonly KubernetesObject[] {
  if (kind === 'Service') return [serviceIn(cluster)]
  if (kind === 'HTTPRoute') return routesIn(cluster)
  if (kind === 'Lease') return LOCKS.flatMap((ref) => cluster.read(ref) ?? [])
  return SLOTS.flatMap((name) => deploymentIn(cluster, name) ?? [])
}

function relabel({ cluster, clock }: Stage, object: KubernetesObject): void {
  const labels = { ...object.metadata.labels, reviewed: String(clock.now()) }
  cluster.patch(refOf(object), [{ op: 'add', path: '/metadata/labels', value: labels }], WHO)
}

function addPort({ cluster }: Stage): void {
  const ports = serviceIn(cluster).spec.ports ?? []
  const port = { name: `more-${ports.length}`, port: 9000 + ports.length, targetPort: 'http' }
  cluster.patch(serviceRef, [{ op: 'add', path: '/spec/ports/-', value: port }], WHO)
}

function addRule({ cluster }: Stage, route: HttpRoute): void {
  const rule = { backendRefs: [{ name: 'docs', port: 80, weight: route.spec.rules.length }] }
  cluster.patch(refOf(route), [{ op: 'add', path: '/spec/rules/-', value: rule }], WHO)
}

/** As `kubectl apply` does: what is in the manifest is as it says, the rest stays. */
function applyAgain({ cluster, attribution }: Stage, manifest: KubernetesObject): void {
  attribution.meddle(`${manifest.kind}/${manifest.metadata.name}`)
  const live = cluster.read<Stored>(refOf(manifest))
  const { spec, metadata } = manifest as Stored
  if (live === undefined) return
  const labels = { ...live.metadata.labels, ...metadata.labels }
  cluster.replace({ ...live, metadata: { ...live.metadata, labels }, spec }, WHO)
}

function setImage({ cluster, attribution }: Stage, deployment: string): void {
  if (deploymentIn(cluster, deployment) === undefined) return
  attribution.meddle(deployment)
  attribution.meddle(templateOf(deployment))
  const path = '/spec/template/spec/containers/0/image'
  cluster.patch(deploymentRef(deployment), [{ op: 'replace', path, value: 'shop/web:somebodys' }], WHO)
}

/** By an autoscaler where there is one, which leaves alone what has no pods. */
function scale(stage: Stage, side: 'stable' | 'canary', count: number): void {
  const { cluster, attribution, world } = stage
  const scaled = cluster.read<HorizontalPodAutoscaler>(autoscalerRef)?.spec.scaleTargetRef.name
  const name = world.autoscaled ? scaled : nameOf(stage, side)
  const live = name === undefined ? undefined : deploymentIn(cluster, name)
  if (name === undefined || live === undefined || live.spec.replicas === 0) return
  attribution.meddle(name)
  cluster.patch(deploymentRef(name), [{ op: 'replace', path: '/spec/replicas', value: count }], WHO)
}

function takeLock({ cluster, attribution }: Stage): void {
  for (const live of LOCKS.flatMap((ref) => cluster.read<Stored>(ref) ?? [])) {
    attribution.meddle('lock')
    const spec = { ...(live.spec as object), holderIdentity: 'somebody', renewTime: 'then' }
    cluster.replace({ ...live, spec }, WHO)
  }
}

type Forgery = Extract<Edit, { readonly on: unknown }>['what']

function forge(stage: Stage, object: KubernetesObject, what: Forgery): void {
  const { cluster } = stage
  const key = what === 'write a claim' ? FENCE_ANNOTATION : RECORD_ANNOTATION
  const value = what === 'write a claim' ? WHO : forgedRecord(stage, object, what)
  if (value === undefined) return
  const annotations = { ...object.metadata.annotations, [key]: value }
  stage.story.note(WHO, `(does to ${object.kind.toLowerCase()}/${object.metadata.name}: ${what})`)
  const path = '/metadata/annotations'
  cluster.patch(refOf(object), [{ op: 'add', path, value: annotations }], WHO)
}

/** Of an object that has one: as if it had begun only now, or were of a release that nobody knows. */
function forgedRecord(
  { world }: Stage,
  { metadata }: KubernetesObject,
  what: Exclude<Forgery, 'write a claim'>
): string | undefined {
  const text = metadata.annotations?.[RECORD_ANNOTATION]
  if (text === undefined) return undefined
  const record = JSON.parse(text) as Release
  const forged =
    what === 'write the record of others'
      ? { ...record, id: '999-9', holder: '999-9-a', actor: WHO }
      : {
          ...record,
          phase: 'running',
          weight: 0,
          step: 0,
          actor: WHO,
          stable: { ...record.stable, replicas: world.replicas }
        }
  return JSON.stringify(forged)
}
