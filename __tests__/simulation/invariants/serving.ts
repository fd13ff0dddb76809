import { readRecord } from '../../../src/domain/read-record.ts'
import { wantedReplicas } from '../../../src/kubernetes/health.ts'
import type { Pod } from '../../../src/kubernetes/objects.ts'
import type { Stored } from '../../support/memory/stored.ts'
import { templateOf } from '../attribution.ts'
import type { Stage } from '../stage.ts'
import { deploymentIn, isEntrance, ownerOf, PLAIN, readyOf, serviceIn, waysOf, type Way } from '../users.ts'
import { isRun, type Report } from './report.ts'

/** Milliseconds in which what somebody has done to a Deployment or a route can still be on its way. */
const RECENTLY = 15_000
/** Milliseconds in which a plain Deployment may replace all its pods before anybody can make way for the new ones. */
const AT_ONCE = 2000
/** The part of its pods with which stable does its work: it gets traffic back with so many. */
const ENOUGH = 0.75

/** Nobody is sent to nobody, and whoever is switched to has the pods for its share. */
export function watchServing(stage: Stage, report: Report): void {
  const { cluster, inForce } = stage
  let shares = sharesOf(waysOf(cluster, []))
  const empty = new Set<string>()
  cluster.subscribe((now, _, writer) => {
    if (now.kind === 'Lease' || now.kind === 'EndpointSlice') return
    const ways = waysOf(cluster, inForce())
    for (const way of ways) {
      if (way.share === 0 || readyOf(way).length > 0) empty.delete(way.title)
      else if (!empty.has(way.title)) {
        // Whose doing it is shows when it begins.
        empty.add(way.title)
        if (!isExcused(stage, way, writer)) report.add('serving', `nobody answers by ${way.title}`)
      }
    }
    const before = shares
    if (!movesTraffic(now)) return
    shares = sharesOf(waysOf(cluster, []))
    if (!isRun(writer)) return
    for (const [name, share] of shares)
      if (share > (before.get(name) ?? 0)) demandEnough(stage, writer, name, share, report)
  })
}

const movesTraffic = ({ kind, metadata }: Stored): boolean =>
  kind === 'HTTPRoute' || isEntrance({ kind, metadata })

/** Pods that have failed by themselves, and traffic that somebody has moved by hand, are not of a release's making. */
function isExcused({ attribution, world }: Stage, { pods }: Way, writer: string): boolean {
  const unknown = RECENTLY + attribution.unaware(writer)
  const routes = world.routes.map((name) => `HTTPRoute/${name}`)
  return (
    pods.some((pod) => attribution.isAfflicted(pod)) ||
    attribution.hasMeddled(templateOf(PLAIN), AT_ONCE + attribution.unaware(writer)) ||
    ['Service/web', ...routes, ...new Set(pods.map(ownerOf))].some((name) =>
      attribution.hasMeddled(name, unknown)
    )
  )
}

/** The largest share that each Deployment gets by any way, in per cent; behind one Service pods share by number. */
function sharesOf(ways: readonly Way[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>()
  for (const { pods, share } of ways)
    for (const name of new Set(pods.map(ownerOf))) {
      const part = (share * pods.filter((pod) => ownerOf(pod) === name).length) / pods.length
      shares.set(name, Math.max(shares.get(name) ?? 0, part))
    }
  return shares
}

function demandEnough(stage: Stage, writer: string, name: string, share: number, report: Report): void {
  const { cluster, attribution } = stage
  const record = readRecord(serviceIn(cluster))
  if (record === undefined) return
  const { stable, canary } = record
  // A run that goes on gives stable traffic back, too: what somebody has sent to the canary by hand.
  const isBack = name === stable.deployment && ['running', 'aborting'].includes(record.phase)
  const other = deploymentIn(cluster, name === stable.deployment ? canary.deployment : stable.deployment)
  const size = isBack ? stable.replicas : other === undefined ? 0 : wantedReplicas(other)
  const onRoutes = record.routes !== undefined && share < 100
  const needed = Math.max(
    1,
    isBack ? Math.floor(size * ENOUGH) : onRoutes ? Math.ceil((size * share) / 100) : 0
  )
  const whole = share === 100 && !isBack ? Math.max(needed, size) : needed
  const pods = waysOf(cluster, []).flatMap(({ pods: behind }) => behind)
  const answering = answeringOf(stage, pods, name)
  const unknown = RECENTLY + attribution.unaware(writer)
  const sizes = [name, other?.metadata.name ?? '']
  if (answering >= whole || sizes.some((one) => attribution.hasMeddled(one, unknown))) return
  report.add('serving', `${name} gets ${Math.round(share)} % with ${answering} of ${whole} pods`)
}

/** With those that have failed by themselves, which nobody could foresee. */
const answeringOf = ({ attribution }: Stage, pods: readonly Pod[], name: string): number =>
  new Set(
    pods
      .filter((pod) => ownerOf(pod) === name)
      .filter(
        (pod) => attribution.isAfflicted(pod) || readyOf({ title: '', share: 0, pods: [pod] }).length > 0
      )
      .map(({ metadata }) => metadata.name)
  ).size
