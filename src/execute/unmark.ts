import { marksOn } from '../domain/marks.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { keyOf, refOf } from '../kubernetes/ref.ts'
import { takeOff } from '../lock/fenced-patch.ts'
import type { Lock } from '../lock/lock.ts'
import { COPY_MARKS } from '../plan/config-copy.ts'
import { throughOutages } from '../traffic/through-outages.ts'
import type { Ports } from './release-run.ts'

/** What is to be freed of marks. */
export interface Marked {
  /** In this order: the last one is the Service with the record, by which any run finds what is left to do. */
  readonly objects: readonly KubernetesObject[]
  /** Copies of config that stay in use, and are nobody's copies from now on. */
  readonly copies: readonly KubernetesObject[]
}

/**
 * Takes all annotations of Greenlight off, and nothing else.
 * @returns the objects that had some: `service/web`
 */
export async function unmark(
  { objects, copies }: Marked,
  lock: Lock,
  ports: Ports,
  signal: AbortSignal
): Promise<readonly string[]> {
  const holder = { cluster: ports.cluster, lock }
  const freed: string[] = []
  const free = async (object: KubernetesObject, work: () => Promise<readonly string[]>): Promise<void> => {
    const taken = await throughOutages(work, ports, signal)
    if (taken.length === 0) return
    const title = `${object.kind.toLowerCase()}/${object.metadata.name}`
    ports.log.quote(`${title}: ${taken.join(', ')} taken off`)
    freed.push(title)
  }
  for (const copy of copies) await free(copy, () => takeOff(refOf(copy), () => COPY_MARKS, holder))
  const distinct = new Map(objects.map((object) => [keyOf(object), object]))
  for (const object of distinct.values()) {
    const verb = object.kind === 'Deployment' ? 'replace' : 'patch'
    await free(object, () => takeOff(refOf(object), (live) => ({ annotations: marksOn(live) }), holder, verb))
  }
  return freed
}
