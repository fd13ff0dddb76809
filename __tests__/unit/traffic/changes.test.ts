import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { changes } from '../../../src/traffic/changes.ts'
import { patched } from '../../support/memory/stored.ts'

type Fields = Readonly<Record<string, unknown>>

const objectOf = (spec: Fields | undefined, annotations?: Readonly<Record<string, string>>) =>
  ({
    apiVersion: 'example.com/v1',
    kind: 'Gizmo',
    metadata: { name: 'web', resourceVersion: '41', labels: { a: 'b' }, ...(annotations && { annotations }) },
    ...(spec && { spec }),
    status: { ready: true }
  }) as KubernetesObject & { spec?: Fields }

const guard = { op: 'replace', path: '/metadata/resourceVersion', value: '41' }

describe('the changes between two states of an object', () => {
  it('are none when only the order of keys differs', () => {
    expect(changes(objectOf({ a: { x: 1, y: 2 } }), objectOf({ a: { y: 2, x: 1 } }))).toEqual([])
  })

  it('are each field of the spec that differs, as a whole, for the version that was read', () => {
    const before = objectOf({ rules: [{ a: 1 }, { b: 2 }], hosts: ['x'], old: true })
    const after = objectOf({ rules: [{ a: 1 }, { b: 3 }], hosts: ['x'], fresh: { c: 4 } })
    expect(changes(before, after)).toEqual([
      guard,
      { op: 'remove', path: '/spec/old' },
      { op: 'add', path: '/spec/rules', value: [{ a: 1 }, { b: 3 }] },
      { op: 'add', path: '/spec/fresh', value: { c: 4 } }
    ])
  })

  it('write annotations key by key, so that those which somebody else adds stay', () => {
    const before = objectOf({}, { 'a/b': '1', 'c~d': '2', e: '3' })
    expect(changes(before, objectOf({}, { 'a/b': '1', 'c~d': '4' }))).toEqual([
      guard,
      { op: 'remove', path: '/metadata/annotations/e' },
      { op: 'add', path: '/metadata/annotations/c~0d', value: '4' }
    ])
  })

  it('make the annotations where there are none', () => {
    expect(changes(objectOf({}), objectOf({}, { 'a/b': '1' }))).toEqual([
      guard,
      { op: 'add', path: '/metadata/annotations', value: { 'a/b': '1' } }
    ])
  })

  it('do not touch labels, status or anything else', () => {
    const before = objectOf({ a: 1 })
    const after = {
      ...before,
      metadata: { ...before.metadata, labels: { a: 'c' } },
      status: { ready: false }
    }
    expect(changes(before, after)).toEqual([])
  })

  it('make the one of the other', () => {
    const keys = fc.constantFrom('a', 'b/c', 'd~e', '~1', '/')
    const spec = fc.dictionary(keys, fc.jsonValue())
    const annotations = fc.dictionary(keys, fc.string())
    fc.assert(
      fc.property(spec, annotations, spec, annotations, (one, notes, other, otherNotes) => {
        const before = objectOf(one, notes)
        const after = objectOf(other, otherNotes)
        const result = patched(before, changes(before, after))
        expect(JSON.parse(JSON.stringify(result))).toEqual(JSON.parse(JSON.stringify(after)))
        expect(changes(result, after)).toEqual([])
      })
    )
  })
})
