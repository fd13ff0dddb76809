import { expect, it } from '@jest/globals'
import { ClusterError, messageOf } from '../../src/base/errors.ts'
import { openScene, type RunOptions } from './scene.ts'

it('a run that may not even look is told of all that looking takes, and of the file that has it', async () => {
  const scene = await openScene()
  scene.cluster.listsRules = false
  scene.cluster.isDenied = () => true
  const before: RunOptions['before'] = ({ verb, kind }) => {
    if (verb === 'list' || verb === 'get') throw new ClusterError(`cannot ${verb} ${kind}`, 403)
  }
  const told = await scene.run({ before }).status().then(JSON.stringify, messageOf)
  const lines = told.split('\n')
  expect(lines.map((line) => /cannot (.*) in namespace/.exec(line)?.[1])).toEqual([
    'list services',
    'list pods',
    'get deployments',
    'list horizontalpodautoscalers'
  ])
  expect(lines.every((line) => line.endsWith(', or apply examples/kubernetes/role.yaml there'))).toBe(true)
})

it('a right that comes into force while it is asked for is none that lacks', async () => {
  const scene = await openScene()
  let refused = 0
  const before: RunOptions['before'] = ({ verb, kind }) => {
    if (verb !== 'get' || kind !== 'Deployment' || refused > 0) return
    refused += 1
    throw new ClusterError('cannot get deployment/web', 403)
  }
  expect(await scene.run({ before, inputs: { images: 'shop/web:2' } }).deploy()).toMatchObject({
    result: 'promoted'
  })
  expect(refused).toBe(1)
})
