import { InputError } from '../base/errors.ts'
import { sh } from '../base/shell.ts'
import { printRoute } from '../inputs/route.ts'
import type { KubernetesObject } from '../kubernetes/objects.ts'
import { isTree } from '../kubernetes/tree.ts'
import { readHistory } from './history.ts'
import { RECORD_ANNOTATION, type Phase, type Release } from './record.ts'
import {
  count,
  flag,
  hash,
  matching,
  MOST,
  name,
  oneOf,
  parse,
  percent,
  text,
  time,
  wrongIn,
  type Shape
} from './shape.ts'

/**
 * Reads the record of a route object.
 * @param facts what serves, for the message: a person has to know it when the record is unreadable
 * @throws InputError when the annotation is there but cannot be understood: then nothing may be changed
 */
export function readRecord(route: KubernetesObject, facts?: string): Release | undefined {
  const text = route.metadata.annotations?.[RECORD_ANNOTATION]
  if (text === undefined) return undefined
  const read = parseRecord(text)
  if ('damage' in read) throw unreadable(route, read.damage, facts)
  return read.record
}

export function unreadable({ kind, metadata }: KubernetesObject, damage: string, facts = ''): InputError {
  const object = printRoute({ kind: kind.toLowerCase(), name: metadata.name })
  const { namespace = '' } = metadata
  const problem =
    `the annotation ${RECORD_ANNOTATION} of ${object} in namespace ${namespace} cannot be read (${damage}): ` +
    `it was written by another version of Greenlight or edited by hand. ` +
    `${facts}Check that this is the version that should serve, then remove the annotation`
  const example = sh`kubectl -n ${namespace} annotate ${object} ${RECORD_ANNOTATION}-`
  return new InputError([{ input: 'route', problem, example }])
}

/** The record, or the first thing in it that no release writes. */
function parseRecord(text: string): { readonly record: Release } | { readonly damage: string } {
  const value = parse(text)
  const damage = wrongIn(value, RECORD)
  if (damage !== undefined)
    return { damage: damage === '' ? 'it is no record' : `${damage} is not what it should be` }
  const record = value as Release
  return { record: { ...record, history: readHistory(record.history) } }
}

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

const selector: Shape = (value) =>
  isTree(value) &&
  Object.entries(value).every(
    ([key, label]) =>
      key.length <= 317 &&
      LABEL_KEY.test(key) &&
      typeof label === 'string' &&
      label.length <= 63 &&
      LABEL_VALUE.test(label)
  )

const slot = oneOf('blue', 'green', 'plain')
const inPlace = oneOf('rolling', 'recreate')
const phase = oneOf(
  ...(['running', 'waiting', 'aborting', 'promoting', 'promoted', 'rolled-back'] satisfies Phase[])
)

const command = oneOf(...(['deploy', 'rollback', 'leave'] satisfies Release['command'][]))

const version = { slot, deployment: name, images: [text, MOST], hash, replicas: count } as const

const entry = {
  release: text,
  'command?': command,
  'served?': flag,
  /** In records of older versions only. */
  'result?': text,
  at: time,
  images: [text, MOST],
  'version?': { slot, deployment: name, hash },
  'jobs?': [name, MOST],
  'run?': text
} as const

const ROUTES = [{ kind: matching(/^[a-z]+$/, 63), name }, MOST] as const

const RECORD: Shape = {
  version: oneOf(1),
  id: text,
  command,
  'run?': text,
  'actor?': text,
  'sha?': text,
  phase,
  weight: percent,
  'header?': { name: text, value: text },
  'mirror?': percent,
  'shiftedAt?': time,
  'steps?': [text, MOST],
  'step?': count,
  'begunAt?': [time, MOST],
  'checks?': [text, MOST],
  'holder?': text,
  'routes?': ROUTES,
  'formerRoutes?': ROUTES,
  'exposed?': flag,
  startedAt: time,
  stable: version,
  canary: version,
  'previous?': { ...version, 'strategy?': inPlace },
  'first?': flag,
  'strategy?': inPlace,
  'rollout?': { 'strategy?': { 'type?': text } },
  selectors: { before: selector, stable: selector, canary: selector, 'both?': selector },
  'labels?': { stable: selector, canary: selector },
  'settle?': selector,
  'keptUntil?': time,
  'autoscaler?': name,
  'watchdog?': text,
  'jobs?': { before: [name, MOST], after: [name, MOST] },
  history: [entry, MOST]
}
