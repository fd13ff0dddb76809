import type { Lease } from '../../../src/kubernetes/objects.ts'
import type { Stage } from '../stage.ts'
import { isRun } from './report.ts'
import type { Report } from './report.ts'

/**
 * A run that was overtaken writes nothing. It is overtaken as soon as one that has taken the lock after it has
 * written anything: until then nobody has acted on what the first one might still change.
 */
export function watchFence({ cluster }: Stage, report: Report): void {
  const tookLock = new Map<string, number>()
  let holder: string | undefined
  let count = 0
  let acting = 0
  cluster.subscribe((now, _, writer) => {
    if (!isRun(writer)) return
    if (now.kind === 'Lease') {
      const { holderIdentity = '' } = (now as Lease).spec ?? {}
      if (holderIdentity !== '' && (writer !== holder || !tookLock.has(writer)))
        tookLock.set(writer, (count += 1))
      holder = holderIdentity === '' ? undefined : writer
      return
    }
    const turn = tookLock.get(writer) ?? 0
    const what = `${writer} writes ${now.kind.toLowerCase()}/${now.metadata.name}`
    if (turn === 0) report.add('fence', `${what} without the lock`)
    else if (turn < acting) report.add('fence', `${what} although another run has gone on from there`)
    acting = Math.max(acting, turn)
  })
}
