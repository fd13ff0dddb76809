import { readRecord } from '../../../src/domain/read-record.ts'
import { isUnfinished, RECORD_ANNOTATION, type Release } from '../../../src/domain/record.ts'
import type { KubernetesObject, Service } from '../../../src/kubernetes/objects.ts'
import { selects } from '../../../src/kubernetes/selectors.ts'
import { BEFORE_ANNOTATION } from '../../../src/routes/route.ts'
import type { HttpRoute } from '../../support/memory/gateway-controller.ts'
import type { Stage } from '../stage.ts'
import { entriesOf, isEntrance, isOurs, mirrorsOf, ownersOf, podsIn } from '../users.ts'
import { isClaim } from './fence.ts'
import { recordOfRuns } from './forged.ts'
import { isRun, type Report } from './report.ts'

/** Each write of a run leaves traffic that is what the record beside it says. */
export function watchRecord(stage: Stage, report: Report): void {
  const { cluster } = stage
  const recordNow = recordOfRuns(stage)
  /** Objects that somebody has written last: a record of theirs is nothing to go on from. */
  const written = new Set<string>()
  cluster.subscribe((now, before, writer) => {
    const title = `${now.kind}/${now.metadata.name}`
    const isForged = written.has(title)
    if (isRun(writer)) written.delete(title)
    else if (textOf(now) !== textOf(before)) written.add(title)
    if (!isRun(writer) || isClaim(now, before)) return
    const add = (what: string): void => {
      report.add('record', `${writer}: ${what}`)
    }
    if (now.kind === 'Service' && now.metadata.name === 'web') {
      checkSelector(stage, now as Service, add)
      checkOrder(readRecord(now), before === undefined || isForged ? undefined : readRecord(before), add)
    }
    if (isEntrance(now) && now.metadata.name !== 'web') checkFollower(stage, now as Service, recordNow(), add)
    if (now.kind === 'HTTPRoute') checkRoute(now as HttpRoute, recordNow(), add)
  })
}

const textOf = (object: KubernetesObject | undefined): string | undefined =>
  object?.metadata.annotations?.[RECORD_ANNOTATION]

type Add = (what: string) => void

function checkSelector({ cluster, world }: Stage, service: Service, add: Add): void {
  const record = readRecord(service)
  if (record === undefined) {
    add('service/web has no record any more')
    return
  }
  const { selector } = service.spec
  const selected = ownersOf(podsIn(cluster).filter(({ metadata }) => selects(selector, metadata.labels)))
  const allowed = new Set(allowedBy(record, world.routes.length > 0))
  const strangers = [...selected].filter((name) => !allowed.has(name))
  if (strangers.length > 0)
    add(`the record says ${record.phase} ${record.weight} %, and the Service selects ${strangers.join(', ')}`)
}

/** It is written beside the record, a moment later: by then it may select either version, and nobody else. */
function checkFollower(
  { cluster }: Stage,
  { metadata, spec }: Service,
  record: Release | undefined,
  add: Add
): void {
  const selected = ownersOf(podsIn(cluster).filter((pod) => selects(spec.selector, pod.metadata.labels)))
  const versions = [record?.stable.deployment, record?.canary.deployment]
  const strangers = [...selected].filter((name) => !versions.includes(name))
  if (strangers.length > 0)
    add(
      `service/${metadata.name} selects ${strangers.join(', ')}, and the record has ${versions.join(' and ')}`
    )
  if (RECORD_ANNOTATION in (metadata.annotations ?? {}))
    add(`service/${metadata.name} has a record of its own`)
}

/** Whom the Service may select. With routes it follows stable until the end. */
function allowedBy(record: Release, onRoutes: boolean): readonly string[] {
  const { stable, canary, weight, phase } = record
  if (!isUnfinished(record)) return [stable.deployment]
  if (weight === 100 && (!onRoutes || phase === 'promoting')) return [canary.deployment]
  return weight === 0 || onRoutes ? [stable.deployment] : [stable.deployment, canary.deployment]
}

/** From one state of a release to the next there are not all ways. */
function checkOrder(now: Release | undefined, before: Release | undefined, add: Add): void {
  if (now === undefined || before === undefined) return
  if (now.id !== before.id) {
    if (isUnfinished(before)) add(`release ${before.id} is ${before.phase} and gives way to ${now.id}`)
    return
  }
  const isOver = before.phase === 'rolled-back' || before.phase === 'promoted'
  const takesBack = before.phase === 'promoted' && now.phase === 'aborting'
  if (isOver && now.phase !== before.phase && !takesBack)
    add(`release ${now.id} was ${before.phase} and is ${now.phase}`)
  if (before.phase === 'aborting' && (now.weight > 0 || isForward(now)))
    add(`release ${now.id} was being aborted and is ${now.phase} ${now.weight} %`)
}

const isForward = ({ phase }: Release): boolean =>
  phase === 'running' || phase === 'waiting' || phase === 'promoting'

function checkRoute(route: HttpRoute, service: Release | undefined, add: Add): void {
  const { name, annotations = {} } = route.metadata
  const title = `httproute/${name}`
  const ours = entriesOf(route).filter(isOurs)
  if (ours.length === 0) {
    if (mirrorsOf(route).length > 0) add(`${title} still mirrors`)
    if (RECORD_ANNOTATION in annotations || BEFORE_ANNOTATION in annotations)
      add(`${title} has no entry for the canary, but annotations of a release`)
    return
  }
  const own = readRecord(route)
  if (own === undefined) {
    add(`${title} sends traffic to a canary without a record`)
    return
  }
  const shares = new Set(ours.filter(({ copy }) => !copy).map(({ share }) => share))
  const hasCopies = ours.some(({ copy }) => copy)
  if (shares.size !== 1 || !shares.has(own.weight))
    add(`the record on ${title} says ${own.weight} %, and it has ${[...shares].join(' and ')} %`)
  if (hasCopies !== (own.header !== undefined))
    add(`${title} has rules for a header that its record does not have`)
  if (mirrorsOf(route).length > 0 !== (own.mirror !== undefined)) add(`${title} mirrors, unlike its record`)
  if (service?.id !== own.id || !isUnfinished(service))
    add(`${title} has entries of release ${own.id}, which the Service does not know`)
}
