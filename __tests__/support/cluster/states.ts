import { RECORD_ANNOTATION } from '../../../src/domain/record.ts'
import type { Lease } from '../../../src/kubernetes/objects.ts'
import { copyOf, type ConfigObject } from '../../../src/plan/config-copy.ts'
import { startAction, type Ended, type Started } from '../action.ts'
import { admin, createNamespace, deleteNamespace, restrictedKubeconfig } from './real-cluster.ts'
import { startGitHub, type GitHub } from '../report/github.ts'
import { manifestFile } from './live-scene.ts'
import { getService, image, service, untilAvailable, workload } from './workload.ts'

/** The states in which a command can find a workload, each brought about by real runs. */

type Values = Readonly<Record<string, string>>

/** A workload of one pod that users could come to, and a pull request that hears of it. */
export interface Place {
  readonly namespace: string
  readonly github: GitHub
  readonly start: (inputs: Values) => Started
  readonly run: (inputs: Values) => Promise<Ended>
  /** Inputs that bring a version; with copies of config if the place is for these. */
  readonly bring: (version: number) => Values
  /** What every run here has come to, those of the setting up too. */
  readonly told: Ended[]
  close(): Promise<void>
}

const TOKEN = 'ghs_0123456789abcdefghij'

const config = (version: string): ConfigObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web-config' },
  data: { COLOUR: version }
})

/** A Deployment whose pods read the ConfigMap, so that each release has a copy of its own. */
function configured(version: number): ReturnType<typeof workload> {
  const deployment = workload({ image: image(version), replicas: 1 })
  const [container] = deployment.spec.template.spec.containers
  return workload({
    replicas: 1,
    template: { containers: [{ ...container, envFrom: [{ configMapRef: { name: 'web-config' } }] }] }
  })
}

/** What a version that nobody can go back to any more has left behind. */
export async function leaveCopy(namespace: string): Promise<void> {
  await admin.create(copyOf(config('of long ago'), 'web', namespace))
}

/** @param copies whether manifests with a ConfigMap are released, and an old copy of it is still there */
export async function openPlace(copies: boolean): Promise<Place> {
  const namespace = await createNamespace(copies ? ['config'] : [])
  const objects = copies ? [config('v1'), configured(1)] : [workload({ replicas: 1 })]
  for (const object of [...objects, service()])
    await admin.create({ ...object, metadata: { ...object.metadata, namespace } })
  await untilAvailable(namespace, 'web')
  const github = await startGitHub({ repository: 'shop/web', pullRequest: 12, token: TOKEN })
  const common = {
    workload: 'web',
    kubeconfig: await restrictedKubeconfig(namespace),
    bake: '0s',
    'github-token': TOKEN
  }
  const told: Ended[] = []
  const start: Place['start'] = (inputs) =>
    startAction({ inputs: { ...common, ...inputs }, env: { GITHUB_API_URL: github.url } })
  return {
    namespace,
    github,
    start,
    async run(inputs) {
      const ended = await start(inputs).ended
      told.push(ended)
      return ended
    },
    bring: (version) =>
      copies
        ? { manifests: manifestFile([config(`v${version}`), configured(version), service()]) }
        : { images: image(version) },
    told,
    async close() {
      github.close()
      await deleteNamespace(namespace)
    }
  }
}

/** @throws when the setting up itself does not come to what it is for */
async function play(place: Place, inputs: Values, result: string): Promise<void> {
  const { outputs, log } = await place.run(inputs)
  if (outputs.result !== result)
    throw new Error(`${outputs.result ?? 'nothing'} in place of ${result}:\n${log}`)
}

/** A release whose runner is killed at a line of its log. Its locks are given up at once, so that later runs do not wait. */
async function dieAt(place: Place, inputs: Values, line: RegExp): Promise<void> {
  const { namespace } = place
  const started = place.start({ ...place.bring(2), ...inputs })
  await started.seen(line)
  await started.kill()
  const leases = await admin.list<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace })
  const held = leases.filter(({ spec }) => (spec?.holderIdentity ?? '') !== '')
  if (held.length === 0) throw new Error('a runner that was lost has left no lock')
  for (const lease of held)
    await admin.replace({ ...lease, spec: { ...lease.spec, leaseDurationSeconds: 2 } })
}

async function damage(place: Place, record: string): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: place.namespace, name: 'web' }
  await admin.patch(ref, [
    { op: 'add', path: `/metadata/annotations/${RECORD_ANNOTATION.replace('/', '~1')}`, value: record }
  ])
}

const HALF = { strategy: 'canary', steps: '50% until approved\n100%' }

export const states = {
  'never released': () => Promise.resolve(),
  promoted: (place) => play(place, place.bring(2), 'promoted'),
  async 'rolled back'(place) {
    await play(place, place.bring(2), 'promoted')
    await play(place, { command: 'rollback' }, 'rolled-back')
  },
  waiting: (place) => play(place, { ...place.bring(2), ...HALF }, 'waiting'),
  kept: (place) => play(place, { ...place.bring(2), previous: 'keep' }, 'promoted'),
  'died while pods came up': (place) => dieAt(place, {}, /Wait until web-green is ready/),
  'died half moved': (place) =>
    dieAt(place, { strategy: 'canary', steps: '50% for 10m\n100%' }, /for 10m: watch/),
  'died in the drain': (place) => dieAt(place, {}, /Drain: let connections end/),
  async 'damaged record'(place) {
    await play(place, place.bring(2), 'promoted')
    await damage(place, 'promoted')
  },
  async 'record with a hole'(place) {
    await play(place, place.bring(2), 'promoted')
    const { annotations } = (await getService(place.namespace)).metadata
    const record = JSON.parse(annotations?.[RECORD_ANNOTATION] ?? '') as object
    await damage(place, JSON.stringify({ ...record, history: [null] }))
  }
} as const satisfies Readonly<Record<string, (place: Place) => Promise<void>>>

export type State = keyof typeof states
