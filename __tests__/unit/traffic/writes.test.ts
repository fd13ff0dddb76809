import { describe, expect, it } from '@jest/globals'
import { RECORD_ANNOTATION } from '../../../src/domain/record.ts'
import { FENCE_ANNOTATION, withFence } from '../../../src/lock/fence.ts'
import { writesOf, type Stamp } from '../../../src/traffic/writes.ts'
import { service } from '../../support/memory/shop.ts'

const CLAIM = `/metadata/annotations/${FENCE_ANNOTATION.replace('/', '~1')}`
const recorded = {
  ...service(),
  metadata: { ...service().metadata, resourceVersion: '1', annotations: { [RECORD_ANNOTATION]: 'theirs' } }
}
const claimed = withFence(recorded, 'us')

function patchOf(stamp: Stamp) {
  const [write] = writesOf([claimed], [claimed], stamp)
  return write?.kind === 'patch' ? write.patch.map(({ op, path }) => `${op} ${path}`) : []
}

describe('a claim', () => {
  it('goes with the first record of the run that has made it', () => {
    expect(patchOf({ record: 'ours', always: true })).toContain(`remove ${CLAIM}`)
  })

  it('stays under the record of the run that it guards against, which knows that record', () => {
    expect(patchOf({ record: 'theirs', always: true, keepsClaim: true })).toEqual([])
  })
})

it('what has no version yet is created, with the record in the same write', () => {
  const [write, ...more] = writesOf([service()], [service({ app: 'web', tier: 'none' })], {
    record: 'ours',
    always: false
  })
  expect(more).toEqual([])
  expect(write).toMatchObject({
    kind: 'create',
    object: {
      metadata: { annotations: { [RECORD_ANNOTATION]: 'ours' } },
      spec: { selector: { app: 'web', tier: 'none' } }
    }
  })
})
