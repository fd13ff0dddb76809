import type { Inputs } from '../inputs/inputs.ts'
import { distinct, need } from '../kubernetes/needs.ts'
import type { Listener } from '../kubernetes/reach.ts'
import type { Right } from '../kubernetes/rights.ts'
import type { Driven } from '../observe/driven.ts'
import type { Wished } from '../plan/driven-wish.ts'
import { smokeNeeds } from './needs.ts'

/** The rights that a release by a controller takes in its namespace, with everything that is read and asked meanwhile. */
export const needsOfDriven = (
  { engine, namespace }: Pick<Driven, 'engine' | 'namespace'>,
  { asked, first, isOwn }: Pick<Wished, 'asked' | 'first' | 'isOwn'>,
  { smokeTests }: Pick<Inputs, 'smokeTests'>
): readonly Right[] =>
  distinct([
    ...engine.needs.look,
    ...engine.needs.release,
    ...(isOwn ? engine.needs.object : []),
    ...(asked.target === undefined ? [] : engine.needs.target),
    ...(first.length === 0 ? [] : engine.needs.beside),
    ...need('coordination.k8s.io', 'leases', 'get', 'create', 'update'),
    ...need('', 'services', 'get'),
    ...need('', 'pods', 'list', 'watch'),
    ...need('', 'pods/log', 'get'),
    ...need('', 'events', 'list'),
    ...engine
      .calls(asked.object)
      .filter((called) => called.namespace === namespace)
      .flatMap(needOf),
    ...smokeNeeds(smokeTests)
  ])

/** In other namespaces: where programs are that the controller asks. */
export const needsElsewhere = (
  { engine, namespace }: Pick<Driven, 'engine' | 'namespace'>,
  { asked }: Pick<Wished, 'asked'>
): readonly { readonly namespace: string; readonly needs: readonly Right[] }[] =>
  [...new Set(engine.calls(asked.object).map((called) => called.namespace))]
    .filter((one) => one !== namespace)
    .map((one) => ({
      namespace: one,
      needs: engine
        .calls(asked.object)
        .filter((called) => called.namespace === one)
        .flatMap(needOf)
    }))

/** The API server takes the port for a part of the name. */
const needOf = ({ scheme, name, port }: Listener): readonly Right[] =>
  need('', 'services/proxy', 'create').map((right) => ({
    ...right,
    name: `${scheme === undefined ? '' : `${scheme}:`}${name}:${port}`
  }))
