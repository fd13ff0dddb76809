import type { Release } from '../../../src/domain/record.ts'
import type { SlotName } from '../../../src/domain/slots.ts'
import type { HorizontalPodAutoscaler } from '../../../src/kubernetes/limits.ts'
import type { Deployment, Service } from '../../../src/kubernetes/objects.ts'
import type { Observed } from '../../../src/observe/observed.ts'
import type { ReleaseOrigin } from '../../../src/plan/begin-release.ts'
import { NAMESPACE, service, workload } from '../../scenarios/scene.ts'
import { EPOCH } from '../../support/memory/fake-clock.ts'

export const origin: ReleaseOrigin = {
  release: '7-1',
  holder: '7-1-a',
  run: 'https://ci/7',
  actor: 'mona',
  sha: 'abc',
  startedAt: EPOCH
}

interface Options {
  readonly slot?: SlotName
  readonly deployment?: Deployment
  readonly service?: Service
  readonly hash?: string
  readonly record?: Release
  readonly others?: Observed['slots']
  readonly autoscaler?: HorizontalPodAutoscaler
}

/** A plain Deployment behind a Service, unless said otherwise. */
export function observed(options: Options = {}): Observed {
  const { slot = 'plain', deployment = workload(), hash = 'abc', others = {}, record, autoscaler } = options
  return {
    namespace: NAMESPACE,
    workload: 'web',
    service: options.service ?? service(),
    record,
    routes: [],
    slots: { [slot]: deployment, ...others },
    stable: { slot, deployment, hash, pods: [] },
    autoscaler,
    foreign: [],
    companions: [],
    otherServices: [],
    neighbours: [],
    autoscaled: autoscaler === undefined ? [] : [autoscaler.spec.scaleTargetRef.name]
  }
}

/** In a slot of ours. */
export const slotted = (slot: 'blue' | 'green', more: Options = {}): Observed =>
  observed({
    slot,
    deployment: workload(`web-${slot}`, { labels: { 'greenlight.dev/slot': slot } }),
    service: service({ app: 'web', 'greenlight.dev/slot': slot }),
    ...more
  })
