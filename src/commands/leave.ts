import { refuse } from '../base/errors.ts'
import { marksOn } from '../domain/marks.ts'
import type { Outcome } from '../domain/outcome.ts'
import { backendsOf } from '../domain/record.ts'
import { copiesLeft, type CopiesLeft } from '../execute/copies-left.ts'
import { unmark } from '../execute/unmark.ts'
import { printRoute } from '../inputs/route.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { need } from '../kubernetes/needs.ts'
import type { Right } from '../kubernetes/rights.ts'
import { readLeases } from '../lock/acquire.ts'
import { fencedPatch } from '../lock/fenced-patch.ts'
import type { Lock } from '../lock/lock.ts'
import { observe } from '../observe/observe.ts'
import { inRelease, membersOf, type FoundRoute, type Observed } from '../observe/observed.ts'
import { readRemaining } from '../observe/routes.ts'
import { strayAutoscaler } from '../plan/autoscaler.ts'
import { tellDeletable } from '../plan/deletable.ts'
import { leaveFaults, planLeave, prepareLeave, standOf } from '../plan/leave.ts'
import { planRetirement, retirable } from '../plan/retirement.ts'
import { needsOf, wayBack } from '../preflight/needs.ts'
import { needsToEnd } from '../preflight/rights.ts'
import { exclusively, leasesOf } from './exclusively.ts'
import type { Invocation } from './invocation.ts'
import { endWhatIsLeft, moveHome, type Departure } from './leave-home.ts'
import { lookedAt } from './outcome-of.ts'

/**
 * Greenlight leaves a workload: the plain Deployment serves again what serves now, Service, routes and autoscaler are as
 * before the first release, and nothing says any more that there were releases. Nothing is deleted; what may be is told.
 * @throws InputError while a release is under way, or when there is no plain Deployment
 */
export async function leave(invocation: Invocation): Promise<Outcome> {
  const { target, ports } = invocation
  const seen = await observe(target, ports)
  refuse(leaveFaults(seen))
  const routes = await routesToLeave(seen, invocation)
  if (await isGone(seen, routes, invocation)) return nothingLeft(seen, invocation)
  const needs = await needsToLeave(seen, routes, invocation)
  return exclusively(invocation, seen, needs, async (observed, lock) => {
    refuse(leaveFaults(observed))
    const departure = { routes: await routesToLeave(observed, invocation), lock, invocation }
    return depart(observed, departure)
  })
}

/** The routes that the inputs name, and those that releases have used. */
async function routesToLeave(
  { routes, record, namespace }: Observed,
  { ports }: Invocation
): Promise<readonly FoundRoute[]> {
  const known = new Set(routes.map(({ name }) => printRoute(name)))
  const more = [...(record?.routes ?? []), ...(record?.formerRoutes ?? [])].filter(
    (name) => !known.has(printRoute(name))
  )
  return [...routes, ...(await readRemaining(more, namespace, ports.cluster)).found]
}

/** All that releases may have marked; the Service with the record comes last. */
function markable(
  { service, companions, slots, autoscaler, record, namespace }: Observed,
  routes: readonly FoundRoute[]
): readonly KubernetesObject[] {
  const members =
    record === undefined
      ? []
      : routes.map((route) => membersOf(route, backendsOf(record, namespace, service.metadata.name)))
  return [
    ...Object.values(slots),
    ...(autoscaler === undefined ? [] : [autoscaler]),
    ...routes.map(({ object }) => object),
    ...members.flatMap(({ objects }) => objects),
    ...companions,
    service
  ]
}

/** Whether there is nothing to do. */
async function isGone(
  observed: Observed,
  routes: readonly FoundRoute[],
  { ports }: Invocation
): Promise<boolean> {
  return (
    observed.record === undefined &&
    standOf(observed) !== 'away' &&
    strayAutoscaler(observed).length === 0 &&
    markable(observed, routes).every((object) => marksOn(object).length === 0) &&
    (await copiesLeft(observed, ports.cluster)).used.length === 0
  )
}

async function nothingLeft(observed: Observed, invocation: Invocation): Promise<Outcome> {
  const { cluster } = invocation.ports
  const leases = await readLeases(leasesOf(observed), invocation.ports)
  const names = leases.flatMap((seen) => seen?.lease?.metadata.name ?? [])
  const { unused } = await copiesLeft(observed, cluster)
  return {
    ...lookedAt(observed, invocation),
    reason: 'nothing says that Greenlight was here',
    next: tellDeletable(observed, unused, names)
  }
}

async function needsToLeave(
  seen: Observed,
  routes: readonly FoundRoute[],
  { origin, ports }: Invocation
): Promise<readonly Right[]> {
  const left = inRelease(seen)
  const { plain } = seen.slots
  const move =
    standOf(seen) === 'away' && plain !== undefined
      ? prepareLeave(seen, plain, seen.stable.deployment.spec.template, { origin, routes: [] })
      : undefined
  const steps =
    move === undefined ? [] : [...planLeave(move, { learn: 1, drain: 0 }), ...wayBack(move.release)]
  const retires = retirable(seen, Infinity).versions.length > 0 || seen.record?.settle !== undefined
  const scales =
    seen.autoscaler !== undefined && (marksOn(seen.autoscaler).length > 0 || strayAutoscaler(seen).length > 0)
  return [
    ...(left === undefined ? [] : await needsToEnd(left, ports)),
    ...needsOf({
      steps: [...steps, ...(retires ? planRetirement(1) : [])],
      routes: routes.map(({ route }) => route),
      services: [seen.service, ...seen.companions, ...seen.otherServices]
    }),
    ...need('', 'services', 'get', 'patch'),
    ...need('apps', 'deployments', 'get', 'update'),
    ...(scales ? need('autoscaling', 'horizontalpodautoscalers', 'patch') : [])
  ]
}

async function depart(first: Observed, departure: Departure): Promise<Outcome> {
  const { lock, invocation, routes } = departure
  const { ports, target, signal } = invocation
  const ended = await endWhatIsLeft(first, departure)
  refuse(leaveFaults(ended.observed))
  const moved = standOf(ended.observed) === 'away' ? await moveHome(ended.observed, departure) : undefined
  if (moved?.failed !== undefined) return moved.failed
  const observed = moved === undefined ? ended.observed : await observe(target, ports)
  await bringAutoscaler(observed, lock, invocation)
  const copies = await copiesLeft(observed, ports.cluster)
  const stop = AbortSignal.any([signal, lock.lost])
  const freed = await unmark({ objects: markable(observed, routes), copies: copies.used }, lock, ports, stop)
  const runs = [...ended.runs, ...(moved === undefined ? [] : [moved.run])]
  return {
    ...lookedAt(observed, invocation),
    result: 'promoted',
    reason: tellLeft(observed, freed, copies),
    timeline: runs.flatMap(({ journal }) => journal.timeline),
    shifts: moved === undefined ? [] : moved.run.journal.shifts,
    warnings: [...(moved?.kept ?? []), ...runs.flatMap(({ journal }) => journal.warnings)],
    next: tellDeletable(
      observed,
      copies.unused,
      leasesOf(observed).map(({ name }) => name)
    )
  }
}

/** An apply of an old file, or somebody, has pointed it to a Deployment that does not serve. */
async function bringAutoscaler(observed: Observed, lock: Lock, { ports }: Invocation): Promise<void> {
  const { autoscaler, stable, namespace } = observed
  if (autoscaler === undefined || strayAutoscaler(observed).length === 0) return
  const { apiVersion, kind, metadata } = autoscaler
  const ref = { apiVersion, kind, namespace, name: metadata.name }
  const value = stable.deployment.metadata.name
  const patch = [{ op: 'replace', path: '/spec/scaleTargetRef/name', value } as const]
  await fencedPatch({ ports, lock }, ref, patch, autoscaler)
}

function tellLeft(observed: Observed, freed: readonly string[], { used }: CopiesLeft): string {
  const { stable, service } = observed
  const serves = `deployment/${stable.deployment.metadata.name} serves all users of service/${service.metadata.name}`
  const pair =
    standOf(observed) === 'pair'
      ? ', which is one of a pair that your team has made, and stays what it is'
      : ''
  const copies =
    used.length === 0
      ? ''
      : `; ${used.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`).join(', ')} stays in use, as an object of yours`
  return `${serves}${pair}; nothing of Greenlight is left on ${freed.join(', ')}${copies}`
}
