import { isTree, type Tree } from '../../kubernetes/tree.ts'
import { HASH_LABEL } from './objects.ts'

/** Fields that the API server writes in its own way, and labels that are the controller's own. */
const OWN: ReadonlySet<string> = new Set(['creationTimestamp', 'resources', HASH_LABEL])

/** Whether a ReplicaSet's template has everything that the other names. It may name more: it has the defaults of all fields besides. */
export const isMadeOf = (kept: unknown, wanted: unknown): boolean => contains(kept, wanted, () => true)

/** Whether a ReplicaSet's template is the other one, with nothing but defaults besides. */
export const isSameTemplate = (kept: unknown, wanted: unknown): boolean =>
  contains(kept, wanted, (key) => DEFAULTED.has(key))

/** @param mayBeside whether the kept one may have a field of this name that the other has not */
function contains(kept: unknown, wanted: unknown, mayBeside: (key: string) => boolean): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(kept) &&
      kept.length === wanted.length &&
      wanted.every((item, index) => contains(kept[index], item, mayBeside))
    )
  if (!isTree(wanted)) return kept === wanted
  const tree: Tree = isTree(kept) ? kept : {}
  const named = Object.entries(wanted).filter(([key, value]) => !OWN.has(key) && value !== null)
  return (
    named.every(([key, value]) => contains(tree[key], value, mayBeside) || isEmpty(value)) &&
    Object.entries(tree)
      .filter(([key, value]) => !OWN.has(key) && !isEmpty(value) && isAbsent(wanted[key]))
      .every(([key]) => mayBeside(key))
  )
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/** Fields of a pod that the API server fills in where nobody has named them. */
const DEFAULTED: ReadonlySet<string> = new Set([
  ...['restartPolicy', 'dnsPolicy', 'schedulerName', 'terminationGracePeriodSeconds', 'serviceAccount'],
  ...['imagePullPolicy', 'terminationMessagePath', 'terminationMessagePolicy', 'protocol', 'hostPort'],
  ...['timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold', 'scheme', 'path', 'service'],
  ...['procMount', 'apiVersion', 'defaultMode', 'type', 'emptyDir', 'expirationSeconds', 'volumeMode'],
  ...['iscsiInterface', 'pool', 'user', 'keyring', 'cachingMode', 'fsType', 'readOnly', 'storageMode', 'kind']
])
