import { describe, expect, it } from '@jest/globals'
import {
  inSlot,
  otherSlot,
  SLOT_LABEL,
  slotDeploymentName,
  slotLabel,
  slotServiceName,
  type Placement,
  type SlotName
} from '../../../src/domain/slots.ts'
import { workload } from '../../scenarios/scene.ts'

it.each<[SlotName, string, SlotName]>([
  ['plain', 'web', 'green'],
  ['blue', 'web-blue', 'green'],
  ['green', 'web-green', 'blue']
])('%s runs in %s, and its canary in %s', (slot, name, other) => {
  expect([slotDeploymentName('web', slot), otherSlot(slot)]).toEqual([name, other])
})

describe('the Service of a slot', () => {
  it.each([
    ['web-green', 'green', 'web-green'],
    ['web', 'plain', 'web-plain'],
    ['web.v1', 'plain', 'web-v1-plain'],
    [`${'a'.repeat(57)}-green`, 'green', `${'a'.repeat(57)}-green`]
  ])('of %s in %s is called %s', (deployment, slot, name) => {
    expect(slotServiceName(deployment, slot)).toBe(name)
  })

  it('has a name that a Service may have, and one for each slot', () => {
    const long = 'a'.repeat(63)
    const names = ['blue', 'green'].map((slot) => slotServiceName(`${long}-${slot}`, slot))
    for (const name of [...names, slotServiceName(long, 'plain')])
      expect(name).toMatch(/^(?=.{63}$)a+-[0-9a-f]{10}$/)
    expect(new Set(names).size).toBe(2)
  })
})

describe('the label that tells the slots apart', () => {
  it.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, string]>([
    ['is ours where there is none', { app: 'web' }, {}, SLOT_LABEL],
    ['is ours in our own slots', { app: 'web', [SLOT_LABEL]: 'blue' }, { [SLOT_LABEL]: 'blue' }, SLOT_LABEL],
    [
      "is the pair's own where its Service selects by it",
      { version: 'blue' },
      { version: 'blue' },
      'version'
    ],
    [
      "is not the pair's own where its Service does not select by it",
      { app: 'web' },
      { version: 'blue' },
      SLOT_LABEL
    ],
    ['is not one that says something else', { app: 'web', version: 'v1' }, { version: 'v1' }, SLOT_LABEL]
  ])('%s', (_, selector, labels, expected) => {
    expect(slotLabel(selector, workload('web-blue', { labels }), 'blue')).toBe(expected)
  })
})

const placement: Placement = {
  name: 'web-green',
  namespace: 'shop',
  slot: 'green',
  label: SLOT_LABEL,
  replicas: 4
}
const green = { [SLOT_LABEL]: 'green' }

describe('a version in a slot', () => {
  it('is the source under the name of the slot, with its label, at the wanted size', () => {
    const { metadata, spec } = inSlot(workload(), placement, undefined)
    expect(metadata).toEqual({ name: 'web-green', namespace: 'shop', labels: green, annotations: {} })
    expect(spec).toMatchObject({
      replicas: 4,
      selector: { matchLabels: { app: 'web', ...green } },
      template: { metadata: { labels: { app: 'web', ...green } }, spec: workload().spec.template.spec }
    })
  })

  it('from the other slot has the label of its own', () => {
    const blue = workload('web-blue', { labels: { [SLOT_LABEL]: 'blue' } })
    const { spec, metadata } = inSlot(blue, placement, undefined)
    expect(metadata.labels).toEqual(green)
    expect(spec.selector.matchLabels).toEqual({ app: 'web', ...green })
    expect(spec.template.metadata?.labels).toEqual({ app: 'web', ...green })
  })

  it('never has the template hash of a ReplicaSet', () => {
    const source = workload('web', { labels: { 'pod-template-hash': 'abc' } })
    const live = workload('web-green', { labels: green })
    expect(inSlot(source, placement, live).spec.template.metadata?.labels).not.toHaveProperty(
      'pod-template-hash'
    )
  })

  it('keeps the selector of the Deployment that is there: it cannot be changed', () => {
    const live = workload('web-green', { labels: { color: 'green' } })
    const { spec } = inSlot(workload(), placement, live)
    expect(spec.selector).toEqual(live.spec.selector)
    expect(spec.template.metadata?.labels).toEqual({ app: 'web', color: 'green', ...green })
  })

  it('keeps labels and annotations that others have put on the Deployment that is there', () => {
    const bare = workload('web-green', { labels: green })
    const live = {
      ...bare,
      metadata: {
        ...bare.metadata,
        labels: { team: 'shop' },
        annotations: { owner: 'me' },
        resourceVersion: '7'
      }
    }
    expect(inSlot(workload(), placement, live).metadata).toEqual({
      name: 'web-green',
      namespace: 'shop',
      resourceVersion: '7',
      labels: { team: 'shop', ...green },
      annotations: { owner: 'me' }
    })
  })

  it('keeps who owns the Deployment that is there, and who has a say in its end', () => {
    const bare = workload('web-green', { labels: green })
    const kept = {
      ownerReferences: [{ kind: 'App', name: 'web', uid: '1' }],
      finalizers: ['example.com/keep']
    }
    const live = { ...bare, metadata: { ...bare.metadata, ...kept, resourceVersion: '7' } }
    expect(inSlot(workload(), placement, live).metadata).toMatchObject(kept)
  })

  it('does not take over what belongs to the source itself', () => {
    const source = {
      ...workload(),
      metadata: {
        ...workload().metadata,
        uid: '1',
        resourceVersion: '7',
        ownerReferences: [{ kind: 'App', name: 'web', uid: '1' }],
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'deployment.kubernetes.io/revision': '3',
          contact: 'shop'
        }
      }
    }
    const { metadata } = inSlot(source, placement, undefined)
    expect(metadata).toEqual({
      name: 'web-green',
      namespace: 'shop',
      labels: green,
      annotations: { contact: 'shop' }
    })
  })

  it('runs, though the source is paused', () => {
    const paused = { ...workload(), spec: { ...workload().spec, paused: true } }
    expect(inSlot(paused, placement, undefined).spec.paused).toBe(false)
  })

  it('goes back into a plain Deployment without any label of a slot', () => {
    const live = workload()
    const { metadata, spec } = inSlot(live, { ...placement, name: 'web', slot: 'plain' }, live)
    expect(metadata.name).toBe('web')
    expect([metadata.labels, spec.template.metadata?.labels, spec.selector.matchLabels]).toEqual([
      {},
      { app: 'web' },
      { app: 'web' }
    ])
  })
})
