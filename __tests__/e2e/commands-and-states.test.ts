import { afterAll, describe, expect, it } from '@jest/globals'
import { isReady } from '../../src/kubernetes/health.ts'
import type { KubernetesObject } from '../../src/kubernetes/objects.ts'
import { printSelector } from '../../src/kubernetes/selectors.ts'
import type { Ended } from '../support/action.ts'
import { atOnce, table } from '../support/cluster/at-once.ts'
import { admin } from '../support/cluster/real-cluster.ts'
import { leaveCopy, openPlace, states, type Place, type State } from '../support/cluster/states.ts'
import { getPods, getService } from '../support/cluster/workload.ts'

/** Every command in every state that a workload can be in, with and without copies of config. */

const COMMANDS = ['status', 'plan', 'promote', 'abort', 'rollback', 'cleanup', 'deploy'] as const
type Command = (typeof COMMANDS)[number]

/** Results after which nothing has changed in the cluster. */
const IDLE: ReadonlySet<string> = new Set(['unchanged', 'planned', 'failed'])

type Cell = readonly [result: string, headline: string, reason?: string]

const unreadableBecause = (damage: string): string =>
  `route: the annotation greenlight.dev/release of service/web in namespace shop cannot be read (${damage}): it was written by another version of Greenlight or edited by hand. ` +
  'service/web selects app=web,greenlight.dev/slot=green: deployment/web-green (v2, 1 pod). Check that this is the version that should serve, then remove the annotation — ' +
  'for example: kubectl -n shop annotate service/web greenlight.dev/release-'

/** Where nothing waits, promote and abort refuse, whatever was last. */
const refusals = (
  last: string,
  traffic: string
): Pick<Readonly<Record<Command, Cell>>, 'promote' | 'abort'> => ({
  promote: [
    'failed',
    `❌ The release of web failed: nothing was changed, ${traffic}`,
    `command: nothing to promote: no release of service/web waits for approval; ${last} — for example: steps: 50% until approved, and command: deploy`
  ],
  abort: [
    'failed',
    `❌ There is no release of web to abort: nothing was changed, ${traffic}`,
    `command: nothing to abort: no release of service/web is under way; ${last} — for example: command: rollback brings the previous version back after a release`
  ]
})

/** What every command says of a record that it cannot read. */
function unreadable(damage: string): Readonly<Record<Command, Cell>> {
  const reason = unreadableBecause(damage)
  return {
    status: ['failed', '❌ The state of web could not be read', reason],
    plan: ['failed', '❌ web cannot be released like this: nothing was changed', reason],
    promote: ['failed', '❌ The release of web failed: nothing was changed', reason],
    abort: ['failed', '❌ The release of web could not be aborted: nothing was changed', reason],
    rollback: ['failed', '❌ The rollback of web failed: nothing was changed', reason],
    cleanup: ['failed', '❌ web could not be cleaned up', reason],
    deploy: ['failed', '❌ The release of web failed: nothing was changed', reason]
  }
}

/** Versions v1, v2 and v3: the first was applied by hand, the second released before the command, the third by it. */
const expected: Readonly<Record<State, Readonly<Record<Command, Cell>>>> = {
  'never released': {
    status: ['unchanged', '✅ web: v1 serves all traffic', 'Greenlight has not released this workload yet'],
    plan: ['planned', '📋 v3 would be released to web: v1 serves all traffic'],
    ...refusals('there was none yet', 'v1 serves all traffic'),
    rollback: [
      'failed',
      '❌ The rollback of web failed: nothing was changed, v1 serves all traffic',
      'command: nothing to roll back to: service/web in namespace shop has no previous version on record: Greenlight has not released it yet — for example: command: deploy with the image that should serve'
    ],
    cleanup: ['unchanged', '✅ web is unchanged: v1 serves all traffic', 'there is nothing to clean up'],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  promoted: {
    status: [
      'unchanged',
      '✅ web: v2 serves all traffic',
      'the last deploy, ID by octocat (URL), began at TIME and ended: promoted'
    ],
    plan: ['planned', '📋 v3 would be released to web: v2 serves all traffic'],
    ...refusals('the last one, ID, is promoted', 'v2 serves all traffic'),
    rollback: ['rolled-back', '✅ web was rolled back on request: v1 serves all traffic again'],
    cleanup: ['unchanged', '✅ web is unchanged: v2 serves all traffic', 'there is nothing to clean up'],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  'rolled back': {
    status: [
      'unchanged',
      '✅ web: v1 serves all traffic',
      'the last rollback, ID by octocat (URL), began at TIME and ended: rolled-back'
    ],
    plan: ['planned', '📋 v3 would be released to web: v1 serves all traffic'],
    ...refusals('the last one, ID, is rolled-back', 'v1 serves all traffic'),
    rollback: [
      'failed',
      '❌ The rollback of web failed: nothing was changed, v1 serves all traffic',
      'command: nothing to roll back to: service/web in namespace shop has no previous version on record (the last thing that happened: rollback ID of v1); command: status lists what `to` can name — for example: command: deploy with the image that should serve'
    ],
    cleanup: ['unchanged', '✅ web is unchanged: v1 serves all traffic', 'there is nothing to clean up'],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  waiting: {
    status: [
      'unchanged',
      '⏳ web: v1 serves 50% of the connections and v2 has 50% of the connections',
      'the last deploy, ID by octocat (URL), began at TIME and is waiting, with 50% of the traffic on the new version'
    ],
    plan: ['planned', '📋 v3 would be released to web: v1 serves all traffic'],
    promote: ['promoted', '✅ web was released: v2 serves all traffic'],
    abort: [
      'aborted',
      '✅ The release of web was aborted on request: v1 serves all traffic',
      'release ID was aborted by octocat'
    ],
    rollback: [
      'rolled-back',
      '✅ web was rolled back on request: v1 serves all traffic again',
      'release ID was unfinished: it was undone'
    ],
    cleanup: [
      'unchanged',
      '⏳ web is unchanged: v1 serves 50% of the connections and v2 has 50% of the connections',
      'release ID waits for approval: it is left alone'
    ],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  kept: {
    status: [
      'unchanged',
      '✅ web: v2 serves all traffic',
      'the last deploy, ID by octocat (URL), began at TIME and ended: promoted'
    ],
    plan: ['planned', '📋 v3 would be released to web: v2 serves all traffic'],
    ...refusals('the last one, ID, is promoted', 'v2 serves all traffic'),
    rollback: ['rolled-back', '✅ web was rolled back on request: v1 serves all traffic again'],
    cleanup: ['promoted', '✅ web was cleaned up: v2 serves all traffic', 'deployment/web was scaled down'],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  'died while pods came up': {
    status: [
      'unchanged',
      '⚠️ web: v1 serves all traffic, in a release whose run is gone',
      'the last deploy, ID by octocat (URL), began at TIME and was left when it was running, with no users on the new version: its run is gone, and nobody watches or ends it'
    ],
    plan: ['planned', '📋 v3 would be released to web: v1 serves all traffic'],
    promote: refusals('the last one, ID, is running', 'v1 serves all traffic').promote,
    abort: [
      'aborted',
      '✅ The release of web was aborted on request: v1 serves all traffic',
      'release ID was aborted by octocat'
    ],
    rollback: [
      'rolled-back',
      '✅ web was rolled back on request: v1 serves all traffic again',
      'release ID was unfinished: it was undone'
    ],
    cleanup: [
      'rolled-back',
      '✅ web was cleaned up: v1 serves all traffic',
      'release ID (URL) was unfinished and was undone'
    ],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  'died half moved': {
    status: [
      'unchanged',
      '⚠️ web: v1 serves 50% of the connections and v2 has 50% of the connections, in a release whose run is gone',
      'the last deploy, ID by octocat (URL), began at TIME and was left when it was running, with 50% of the traffic on the new version: its run is gone, and nobody watches or ends it'
    ],
    plan: ['planned', '📋 v3 would be released to web: v1 serves all traffic'],
    promote: refusals(
      'the last one, ID, is running',
      'v1 serves 50% of the connections and v2 has 50% of the connections'
    ).promote,
    abort: [
      'aborted',
      '✅ The release of web was aborted on request: v1 serves all traffic',
      'release ID was aborted by octocat'
    ],
    rollback: [
      'rolled-back',
      '✅ web was rolled back on request: v1 serves all traffic again',
      'release ID was unfinished: it was undone'
    ],
    cleanup: [
      'rolled-back',
      '✅ web was cleaned up: v1 serves all traffic',
      'release ID (URL) was unfinished and was undone'
    ],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  'died in the drain': {
    status: [
      'unchanged',
      '✅ web: v2 serves all traffic',
      'the last deploy, ID by octocat (URL), began at TIME and ended: promoted'
    ],
    plan: ['planned', '📋 v3 would be released to web: v2 serves all traffic'],
    ...refusals('the last one, ID, is promoted', 'v2 serves all traffic'),
    rollback: ['rolled-back', '✅ web was rolled back on request: v1 serves all traffic again'],
    cleanup: ['promoted', '✅ web was cleaned up: v2 serves all traffic', 'deployment/web was scaled down'],
    deploy: ['promoted', '✅ web was released: v3 serves all traffic']
  },
  'damaged record': unreadable('it is no record'),
  'record with a hole': unreadable('history[0] is not what it should be')
}

/** The copy of config that a version has left which nobody can go back to is removed, unless that is somebody else's to say. */
const REMOVED = 'configmap/web-config-HASH was removed, which no version refers to'

const withCopies: Readonly<Partial<Record<State, Readonly<Partial<Record<Command, Cell>>>>>> = {
  promoted: { cleanup: ['promoted', '✅ web was cleaned up: v2 serves all traffic', REMOVED] },
  'rolled back': { cleanup: ['promoted', '✅ web was cleaned up: v1 serves all traffic', REMOVED] },
  kept: {
    cleanup: [
      'promoted',
      '✅ web was cleaned up: v2 serves all traffic',
      `deployment/web was scaled down; ${REMOVED}`
    ]
  },
  'died while pods came up': {
    cleanup: [
      'rolled-back',
      '✅ web was cleaned up: v1 serves all traffic',
      `release ID (URL) was unfinished and was undone; ${REMOVED}`
    ]
  },
  'died half moved': {
    cleanup: [
      'rolled-back',
      '✅ web was cleaned up: v1 serves all traffic',
      `release ID (URL) was unfinished and was undone; ${REMOVED}`
    ]
  },
  'died in the drain': {
    cleanup: [
      'promoted',
      '✅ web was cleaned up: v2 serves all traffic',
      `deployment/web was scaled down; ${REMOVED}`
    ]
  }
}

const LONGEST = 900_000
/** Of each state; five states are played at the same time. */
const AT_ONCE = 2

const open = new Set<Place>()
afterAll(async () => {
  await Promise.all([...open].map((place) => place.close()))
})

interface Scene {
  readonly state: State
  readonly copies: boolean
  /** In this order. Only the last of them changes anything. */
  readonly commands: readonly Command[]
}

interface Played {
  readonly copies: boolean
  readonly command: Command
  readonly cell: Cell
  /** What a reader must not see, what is not true, and what was changed by a command that changes nothing. */
  readonly broken: readonly string[]
}

/** What a reader is never to see. */
const BROKEN = /Cannot (?:read|convert|destructure)|undefined|\[object Object\]|\bNaN\b|^ {4}at /m

const cellOf = (state: State, command: Command, copies: boolean): Cell =>
  (copies ? withCopies[state]?.[command] : undefined) ?? expected[state][command]

function scenesOf(state: State, copies: boolean): readonly Scene[] {
  const idle = COMMANDS.filter((command) => IDLE.has(cellOf(state, command, copies)[0]))
  const others = COMMANDS.filter((command) => !idle.includes(command))
  const [first, ...rest] = others
  return [
    { state, copies, commands: first === undefined ? idle : [...idle, first] },
    ...rest.map((command) => ({ state, copies, commands: [command] }))
  ]
}

/** The same text in every run: versions are short, what is new in each run has a name. */
const plainly = (text: string, namespace: string): string =>
  text
    .replaceAll(/(?:docker\.io\/)?greenlight\/workload:(\d)/g, 'v$1')
    .replaceAll(namespace, 'shop')
    .replaceAll(/https:\S+\/attempts\/1/g, 'URL')
    .replaceAll(/\b\d{13}-1(?:-[0-9a-f]{8})?\b/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/(web-config)-[a-z0-9]{10}/g, '$1-HASH')

function cellIn({ outputs, summary }: Ended, { namespace }: Place): Cell {
  const [headline = ''] = summary.replace(/^## /, '').split('\n')
  const { result = '', reason = '' } = outputs
  const verdict = [result, plainly(headline.replaceAll(/[*`]/g, ''), namespace)] as const
  return reason === '' ? verdict : [...verdict, plainly(reason, namespace)]
}

/** All that a command which changes nothing must leave alone. */
async function everything(namespace: string): Promise<readonly string[]> {
  const kinds = [
    ['v1', 'Service'],
    ['v1', 'ConfigMap'],
    ['apps/v1', 'Deployment']
  ] as const
  const found = await Promise.all(
    kinds.map(([apiVersion, kind]) =>
      admin.list<KubernetesObject & { readonly spec?: unknown; readonly data?: unknown }>({
        apiVersion,
        kind,
        namespace
      })
    )
  )
  return found.flat().map(({ kind, metadata, spec, data }) => {
    const { name, labels, annotations = {} } = metadata
    const { 'deployment.kubernetes.io/revision': _, ...kept } = annotations
    return JSON.stringify([kind, name, labels, kept, spec, data])
  })
}

async function play({ state, copies, commands }: Scene): Promise<readonly Played[]> {
  const place = await openPlace(copies)
  open.add(place)
  await states[state](place)
  if (copies) await leaveCopy(place.namespace)
  const played: Played[] = []
  const before = await everything(place.namespace)
  for (const command of commands) {
    const inputs = command === 'deploy' || command === 'plan' ? place.bring(3) : {}
    const ended = await place.run({ command, ...inputs })
    const cell = cellIn(ended, place)
    const after = await everything(place.namespace)
    const changed = IDLE.has(cell[0]) ? after.filter((one) => !before.includes(one)) : []
    const untrue = command === 'plan' ? [] : await untruthIn(ended, place)
    played.push({ copies, command, cell, broken: [...brokenIn(place), ...changed, ...untrue] })
  }
  open.delete(place)
  await place.close()
  return played
}

/** Where a run says what serves, that is what users reach; in the middle of a release, both versions. */
async function untruthIn({ outputs }: Ended, { namespace }: Place): Promise<readonly string[]> {
  const { image: told = '', weight = '' } = outputs
  if (told === '') return []
  const { spec } = await getService(namespace)
  const pods = (await getPods(namespace, printSelector(spec.selector))).filter(isReady)
  const served = new Set(pods.flatMap((pod) => pod.spec.containers.map(({ image }) => image)))
  const isTrue = served.has(told) && served.size === (weight === '50' ? 2 : 1)
  return isTrue ? [] : [`${told} at ${weight}%, but users reach ${[...served].join(', ')}`]
}

/** What a reader must not see, with what stands around it. */
function brokenIn({ told, github }: Place): readonly string[] {
  const texts = [
    ...told.splice(0).flatMap(({ log, outputs, summary }) => [log, summary, ...Object.values(outputs)]),
    ...github.comments.map(({ body }) => body)
  ]
  return texts.flatMap((text) => BROKEN.exec(text)?.[0] ?? [])
}

const row = ({ copies, command, cell: [result, headline, reason = ''] }: Played): readonly string[] => [
  ...[copies ? 'copies' : '', command, result, headline, reason]
]

describe('every command says and does what it should where a workload is', () => {
  it.concurrent.each(Object.keys(states) as State[])(
    '%s',
    async (state) => {
      const scenes = [false, true].flatMap((copies) => scenesOf(state, copies))
      const played = (await atOnce(scenes, AT_ONCE, play)).flat()
      console.log(table(['config', 'command', `result (${state})`, 'verdict', 'reason'], played.map(row)))
      const told = played.map(({ copies, command, cell }) => [copies, command, ...cell])
      expect(told).toEqual(
        played.map(({ copies, command }) => [copies, command, ...cellOf(state, command, copies)])
      )
      expect(played.filter(({ broken }) => broken.length > 0)).toEqual([])
    },
    LONGEST
  )
})
