import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { isWrite, shortened, startApiDoor, through } from '../support/cluster/api-door.ts'
import { atOnce, table } from '../support/cluster/at-once.ts'
import { httpRoute, uniqueHost } from '../support/cluster/gateway.ts'
import { leftovers, routeOf } from '../support/cluster/leftovers.ts'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { ONE_OF_MANY, openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

/** A runner that is lost after one of the writes of a release; the next run has to make good of what it finds. */

playLiveScenes()

interface Kind {
  /** What it writes when nothing disturbs it: after each of these one runner is lost. */
  readonly writes: readonly string[]
  readonly inputs: Readonly<Record<string, string>>
  readonly open: () => Promise<LiveScene>
}

/** Few pods, since many scenes are played at the same time. */
const SMALL = workload({ replicas: 2 })

const kinds: Readonly<Record<'blue-green' | 'canary', Kind>> = {
  'blue-green': {
    writes: [
      'POST leases',
      'POST leases',
      'PATCH services/web',
      'POST deployments',
      'PATCH deployments/web-green',
      'PATCH services/web',
      'PATCH services/web',
      'PATCH deployments/web'
    ],
    inputs: { bake: '1s' },
    open: () => openLiveScene([SMALL, service()], undefined, ONE_OF_MANY)
  },
  canary: {
    writes: [
      'POST leases',
      'POST leases',
      'PATCH services/web',
      'PATCH services/web-green',
      'POST deployments',
      'PATCH deployments/web-green',
      'PATCH httproutes/web',
      'PATCH services/web',
      'PATCH httproutes/web',
      'PATCH deployments/web-green',
      'PATCH services/web',
      'PATCH httproutes/web',
      'PATCH services/web',
      'PATCH httproutes/web',
      'PATCH services/web',
      'PATCH deployments/web'
    ],
    inputs: { strategy: 'canary', route: 'httproute/web', steps: '20% for 1s\n100%', bake: '1s' },
    open: () => {
      const host = uniqueHost()
      return openLiveScene([SMALL, service(), httpRoute({ host })], host, ONE_OF_MANY)
    }
  }
}

/** Each scene has a namespace and users of its own. */
const AT_ONCE = 7
/** Long enough never to be reached by a slow machine. */
const LONGEST = 400_000

interface Played {
  /** What the runner was lost after; undefined: it made fewer writes, and came to its end. */
  readonly write: string | undefined
  readonly next: string
  readonly image: string
  readonly requests: number
  readonly failed: number
  readonly empty: number
  readonly left: readonly string[]
}

/** Starts a release whose process is killed when its nth write was carried out, before the answer reaches it. */
async function killAfter(scene: LiveScene, inputs: Kind['inputs'], nth: number): Promise<string | undefined> {
  const door = await startApiDoor()
  const started = scene.start({ ...inputs, ...through(door, scene.inputs), images: image(2) })
  let writes = 0
  let last: string | undefined
  door.befall((request) => {
    if (!isWrite(request) || (writes += 1) !== nth) return undefined
    const lost = (): void => {
      last = shortened(request)
      started.child.kill('SIGKILL')
    }
    return { lost }
  })
  await started.ended
  door.close()
  return last
}

/** Somebody releases the next version then. */
async function play({ inputs, open }: Kind, nth: number): Promise<Played> {
  const scene = await open()
  const before = await routeOf(scene.namespace)
  const write = await killAfter(scene, inputs, nth)
  const next = await scene.run({ route: inputs.route ?? '', images: image(3), bake: '0s' })
  const { users, empty } = await scene.end()
  const isAsBefore = isDeepStrictEqual(await routeOf(scene.namespace), before)
  return {
    write,
    next: next.outputs.result ?? '',
    image: next.outputs.image ?? '',
    requests: users.total,
    failed: users.failed,
    empty: empty.length,
    left: [...(await leftovers(scene.namespace)), ...(isAsBefore ? [] : ['the route is not as it was'])]
  }
}

const row = ({ write, next, requests, failed, left }: Played, index: number): readonly string[] => [
  write === undefined ? '' : String(index + 1),
  write ?? 'none: it ended',
  next,
  `${failed} of ${requests}`,
  left.join(', ') || 'nothing'
]

describe('a runner that is lost', () => {
  it.each(['blue-green', 'canary'] as const)(
    'after any write of a %s release: the next run sets it right and releases, and nobody notices',
    async (name) => {
      const kind = kinds[name]
      // One more than there are: that nobody is killed by it shows that there are no more.
      const moments = [...kind.writes, undefined].map((_, index) => index + 1)
      const played = await atOnce(moments, AT_ONCE, (nth) => play(kind, nth))
      const heading = ['', `lost after (${name})`, 'next run', 'failed requests', 'left over']
      console.log(table(heading, played.map(row)))
      expect(played.map(({ write }) => write)).toEqual([...kind.writes, undefined])
      const good = { next: 'promoted', image: image(3), failed: 0, empty: 0, left: [] }
      for (const one of played) expect(one).toMatchObject(good)
    },
    LONGEST
  )
})
