import { ClusterError } from '../../src/base/errors.ts'
import type { Call } from '../support/memory/memory-cluster.ts'
import { waiting } from '../support/memory/controllers.ts'
import { service, workload, type Scene } from './scene.ts'

/** What others do while a release runs, and answers that are lost on the way. */

export const BLUE = { app: 'web', 'greenlight.dev/slot': 'blue' }

export const slotted = () => [
  workload('web-blue', { labels: { 'greenlight.dev/slot': 'blue' } }),
  service(BLUE)
]

/** Calls back once, with the call that is the nth to be as described. */
export function once(matches: (call: Call) => boolean, work: () => unknown, nth = 1) {
  let left = nth
  return async (call: Call): Promise<void> => {
    if (matches(call) && (left -= 1) === 0) await work()
  }
}

export const onService = ({ verb, kind }: Call): boolean => verb === 'patch' && kind === 'Service'

export function noAnswer(): never {
  throw new ClusterError('the connection broke: read ECONNRESET', 0)
}

export function breakCanary(scene: Scene): void {
  for (const pod of scene.controllers.podsOf('web-green').slice(0, 1))
    scene.controllers.change(pod, waiting('CrashLoopBackOff'))
}
