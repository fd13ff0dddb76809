import { expect, it } from '@jest/globals'
import { playLiveScenes } from '../support/cluster/live-suite.ts'
import { manifestFile, openLiveScene } from '../support/cluster/live-scene.ts'
import { getDeployment, image, workload } from '../support/cluster/workload.ts'

playLiveScenes()

interface Listed {
  readonly release?: string
  readonly command?: string
  readonly served?: boolean
  readonly images: readonly string[]
  readonly kept: boolean
  readonly serves: boolean
}

const versionsIn = (json = ''): readonly Listed[] => (JSON.parse(json) as { versions: Listed[] }).versions

const printed = ({ release, command, served, images, kept, serves }: Listed): string =>
  [release ?? '-', command, served, images.join(), kept ? 'kept' : 'gone', serves ? 'serves' : '']
    .join(' ')
    .trim()

it('any version that is on record or whose template is there can be gone back to, and no user notices', async () => {
  const scene = await openLiveScene()
  const { namespace } = scene
  const KEEP = { bake: '0s', previous: 'keep' }
  const third = manifestFile([workload({ image: image(1), env: { RELEASE: 'third' } })])
  const first = await scene.run({ images: image(2), ...KEEP })
  const second = await scene.run({ images: image(3), ...KEEP })
  const last = await scene.run({ manifests: third, bake: '0s' })
  for (const ended of [first, second, last]) expect(ended.outputs).toMatchObject({ result: 'promoted' })
  const ids = [first, second, last].map(({ outputs }) => outputs.release ?? '')

  const status = await scene.run({ command: 'status' })
  expect(versionsIn(status.outputs.json).map(printed)).toEqual([
    `${ids[2]} deploy true ${image(1)} kept serves`,
    `${ids[1]} deploy true ${image(3)} kept`,
    `${ids[0]} deploy true ${image(2)} kept`,
    `-   ${image(1)} kept`
  ])
  expect(status.log).toMatch(
    new RegExp(`${ids[0]}  .*  promoted  ${image(2)}  web-green, revision 1  https:`)
  )
  expect(status.summary).toContain('### Versions')

  // Its slot is the one that serves: its template goes to the other one.
  const toFirst = await scene.run({ command: 'rollback', to: ids[0] ?? '' })
  expect(toFirst).toMatchObject({
    exitCode: 0,
    outputs: { result: 'rolled-back', 'stable-slot': 'blue', image: image(2), 'previous-image': image(1) }
  })
  const { shifts, startedAt } = JSON.parse(toFirst.outputs.json ?? '') as {
    shifts: { at: string; weight: number }[]
    startedAt: string
  }
  const shiftedAt = Date.parse(shifts.find(({ weight }) => weight === 100)?.at ?? '')
  const seconds = (shiftedAt - Date.parse(startedAt)) / 1000
  console.log(
    `rollback to the first of three releases: ${seconds} s until all traffic was on it, ${toFirst.outputs['duration-seconds']} s with the drain`
  )
  expect((await getDeployment(namespace, 'web-green')).spec.replicas).toBe(0)

  const again = await scene.run({ command: 'rollback' })
  expect(again).toMatchObject({ exitCode: 1, outputs: { result: 'failed' } })
  expect(again.outputs.reason).toContain('command: status lists what `to` can name')
  const serving = await scene.run({ command: 'rollback', to: ids[0] ?? '' })
  expect(serving.outputs.reason).toContain('serves already')

  const toSecond = await scene.run({ command: 'rollback', to: image(3), previous: 'keep' })
  expect(toSecond).toMatchObject({
    exitCode: 0,
    outputs: { result: 'rolled-back', 'stable-slot': 'green', image: image(3) }
  })
  expect(await scene.run({ images: image(2), ...KEEP })).toMatchObject({
    exitCode: 0,
    outputs: { result: 'promoted', 'stable-slot': 'blue', image: image(2) }
  })

  // The plain Deployment still runs from the first release on, and green from the last one.
  const cleanup = await scene.run({ command: 'cleanup' })
  expect(cleanup).toMatchObject({ exitCode: 0, outputs: { result: 'promoted', image: image(2) } })
  for (const name of ['web', 'web-green'])
    expect((await getDeployment(namespace, name)).spec.replicas).toBe(0)
  const { users, empty } = await scene.end()
  console.log(`${users.total} requests, ${users.failed} failed`)
  expect(users).toMatchObject({ failed: 0, failures: [] })
  expect(empty).toEqual([])
})
