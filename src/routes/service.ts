import type { JsonPatch } from '../kubernetes/cluster.ts'
import type { KubernetesObject, Service } from '../kubernetes/objects.ts'
import { sameLabels } from '../kubernetes/selectors.ts'
import { printRecord, RECORD_ANNOTATION } from '../record.ts'
import type { Release, Selector } from '../record.ts'
import type { Route } from './route.ts'

/** A plain Service: its selector names one version, so the weight is 0 or 100. */
export const serviceRoute: Route = {
  weight(object, { selectors }) {
    const { selector } = (object as Service).spec
    if (sameLabels(selector, selectors.canary)) return 100
    return sameLabels(selector, selectors.stable) ? 0 : undefined
  },
  shift: (object, release) =>
    patch(object, release.weight === 100 ? release.selectors.canary : release.selectors.stable, release),
  restore: (object, release) => patch(object, release.selectors.before, release)
}

/** The whole selector at once: between two keyed edits it would select both versions or none. */
function patch(object: KubernetesObject, selector: Selector, release: Release): JsonPatch {
  const record = printRecord(release)
  return [
    // Not `test`: replacing it with the version that was read makes the API server answer 409 when it is no longer the live one.
    { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    { op: 'add', path: '/spec/selector', value: selector },
    object.metadata.annotations === undefined
      ? { op: 'add', path: '/metadata/annotations', value: { [RECORD_ANNOTATION]: record } }
      : { op: 'add', path: `/metadata/annotations/${RECORD_ANNOTATION.replace('/', '~1')}`, value: record }
  ]
}
