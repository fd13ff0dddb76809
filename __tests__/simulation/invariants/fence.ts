import { isDeepStrictEqual } from 'node:util'
import type { Deployment, Lease, Service } from '../../../src/kubernetes/objects.ts'
import { FENCE_ANNOTATION, fenceOf } from '../../../src/lock/fence.ts'
import type { Stored } from '../../support/memory/stored.ts'
import type { Stage } from '../stage.ts'
import { isEntrance } from '../users.ts'
import { isRun, type Report } from './report.ts'

/**
 * A run that was overtaken writes nothing. It is overtaken as soon as one that has taken the lock after it has acted:
 * has written anything but its claims. What that one has claimed is its own from then on.
 */
export function watchFence({ cluster }: Stage, report: Report): void {
  const tookLock = new Map<string, number>()
  const claimed = new Map<string, number>()
  let holder: string | undefined
  let count = 0
  let acting = 0
  cluster.subscribe((now, before, writer) => {
    if (!isRun(writer)) return
    if (now.kind === 'Lease') {
      const { holderIdentity = '' } = (now as Lease).spec ?? {}
      if (holderIdentity !== '' && (writer !== holder || !tookLock.has(writer)))
        tookLock.set(writer, (count += 1))
      holder = holderIdentity === '' ? undefined : writer
      return
    }
    const turn = tookLock.get(writer) ?? 0
    const title = `${now.kind.toLowerCase()}/${now.metadata.name}`
    const what = `${writer} writes ${title}`
    if (turn === 0) report.add('fence', `${what} without the lock`)
    else if (turn < acting && !isMadeForNobody(now, before))
      report.add('fence', `${what} although another run has gone on from there`)
    else if (turn < (claimed.get(title) ?? 0)) report.add('fence', `${what}, which another run has claimed`)
    if (isClaim(now, before)) claimed.set(title, turn)
    else if (turn > acting && !isMadeForNobody(now, before)) acting = turn
  })
}

/**
 * What does not exist can refuse nobody: a run may make late what it was about to make, without any pod or user. An
 * apply makes or changes: it is refused by nothing, and finds a version's own Service to be what it is to be.
 */
function isMadeForNobody(now: Stored, before: Stored | undefined): boolean {
  if (now.kind === 'Deployment') return before === undefined && (now as Deployment).spec.replicas === 0
  if (now.kind !== 'Service' || isEntrance(now)) return false
  return before === undefined || isDeepStrictEqual(selectorOf(now), selectorOf(before))
}

const selectorOf = (service: Stored): unknown => (service as Service).spec.selector

/** A write that says whose an object is, and nothing else. */
export const isClaim = (now: Stored, before: Stored | undefined): boolean =>
  before !== undefined &&
  fenceOf(now) !== fenceOf(before) &&
  isDeepStrictEqual(withoutClaim(now), withoutClaim(before))

function withoutClaim({ spec, metadata }: Stored): unknown {
  const { [FENCE_ANNOTATION]: _, ...annotations } = metadata.annotations ?? {}
  return { spec, annotations, labels: metadata.labels }
}
