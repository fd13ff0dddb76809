import { setTimeout as sleep } from 'node:timers/promises'
import { startApiDoor, through, type ApiDoor } from '../support/cluster/api-door.ts'
import { ONE_OF_MANY, openLiveScene, type LiveScene } from '../support/cluster/live-scene.ts'
import { image, service, workload } from '../support/cluster/workload.ts'

/**
 * How many round trips to the API server wait for one another: what a release takes longer where each of them takes 100 ms
 * more.
 */

const ROUND_TRIP = 100

interface Times {
  /** From the first question until the write that starts the first new pod. */
  readonly start: number
  /** From the last pod that is ready until the write that moves all users. */
  readonly switch: number
  /** From SIGINT until the write that brings them back. */
  readonly restore: number
}

export type RoundTrips = Times

const ANY = /./
const SCALED = /^PATCH \S+\/deployments\/web-(?:green|blue)\?/
const MOVED = /^PATCH \S+\/services\/web\?/

/** Remembers when each request came to the door. */
function listen(door: ApiDoor, late: number): { since(time: number, request: RegExp): number } {
  const seen: { readonly at: number; readonly line: string }[] = []
  door.befall((line) => {
    seen.push({ at: Date.now(), line })
    return late === 0 ? undefined : { late }
  })
  return {
    since(time, request) {
      const found = seen.find(({ at, line }) => at >= time && request.test(line))
      return found === undefined ? NaN : found.at - time
    }
  }
}

async function play(scene: LiveScene, door: ApiDoor, late: number, version: number): Promise<Times> {
  const heard = listen(door, late)
  const started = scene.start({ ...through(door, scene.inputs), images: image(version), bake: '10m' })
  await started.seen(/Bake/)
  // The watches of the bake are open.
  await sleep(1000 + 10 * late)
  const cancelledAt = Date.now()
  const { main } = await started.cancel()
  const { timeline } = JSON.parse(main.outputs.json ?? '{}') as {
    timeline: { title: string; startedAt: string; milliseconds: number }[]
  }
  const ready = timeline.find(({ title }) => title.startsWith('Wait until'))
  const readyAt = ready === undefined ? NaN : Date.parse(ready.startedAt) + ready.milliseconds
  return {
    start: heard.since(started.startedAt, SCALED) - heard.since(started.startedAt, ANY),
    switch: heard.since(readyAt, MOVED),
    restore: heard.since(cancelledAt, MOVED)
  }
}

/** @param runs of which the medians are taken */
export async function countRoundTrips(
  runs: number,
  median: (values: readonly number[]) => number
): Promise<RoundTrips> {
  const door = await startApiDoor()
  const near: Times[] = []
  const far: Times[] = []
  try {
    for (let run = 0; run < runs; run += 1) {
      // The first release of a workload: its Deployment is made.
      for (const [late, times] of [
        [0, near],
        [ROUND_TRIP, far]
      ] as const) {
        const scene = await openLiveScene([workload(), service()], undefined, ONE_OF_MANY)
        times.push(await play(scene, door, late, 2))
        await scene.end()
      }
    }
  } finally {
    door.close()
  }
  const longer = (of: (times: Times) => number): number =>
    (median(far.map(of)) - median(near.map(of))) / ROUND_TRIP
  return {
    start: longer((one) => one.start),
    switch: longer((one) => one.switch),
    restore: longer((one) => one.restore)
  }
}
