import { describe, expect, it } from '@jest/globals'
import type { Deployment } from '../../src/kubernetes/objects.ts'
import { manifest, openScene, service, workload } from './scene.ts'

/** One of a pair that a team has made by hand, with a label of its own, and what each says of itself. */
function coloured(
  colour: 'blue' | 'green',
  replicas: number,
  more: Readonly<Record<string, string>> = {}
): Deployment {
  const deployment = workload(`web-${colour}`, { labels: { version: colour }, replicas })
  const { template, ...spec } = deployment.spec
  const env = Object.entries({ VERSION: colour, ...more }).map(([name, value]) => ({ name, value }))
  const containers = template.spec.containers.map((container) => ({ ...container, env }))
  const annotations = { 'kubectl.kubernetes.io/restartedAt': colour }
  return {
    ...deployment,
    spec: { ...spec, template: { metadata: { ...template.metadata, annotations }, spec: { containers } } }
  }
}
const inputs = { images: 'shop/web:2' }
const WARNING =
  'deployment/web-green differs from deployment/web-blue in spec.containers[web].env[LOG].value: released is the template of deployment/web-blue with the new images. To release another one, give it in manifests'

describe('a pair that a team has made by hand', () => {
  it('is told of where the other one has something of its own, in a plan and in a release', async () => {
    const green = coloured('green', 0, { LOG: 'debug' })
    const scene = await openScene([coloured('blue', 3), green, service({ version: 'blue' })])
    const planned = await scene.run({ inputs }).plan()
    expect(planned.warnings).toContain(WARNING)
    const released = await scene.run({ inputs }).deploy()
    expect(released).toMatchObject({ result: 'promoted' })
    expect(released.warnings).toContain(WARNING)
  })

  it('is none to tell of where each only says its own slot, or a manifest says what is released', async () => {
    const differs = expect.arrayContaining([expect.stringContaining('differs from deployment')])
    const alike = await openScene([coloured('blue', 3), coloured('green', 0), service({ version: 'blue' })])
    expect((await alike.run({ inputs }).plan()).warnings).not.toEqual(differs)
    const green = coloured('green', 0, { LOG: 'debug' })
    const written = await openScene([coloured('blue', 3), green, service({ version: 'blue' })])
    const run = written.run({ inputs, manifests: [manifest(coloured('blue', 3))] })
    expect((await run.plan()).warnings).not.toEqual(differs)
  })
})
