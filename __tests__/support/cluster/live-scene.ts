import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { startAction, type Ended, type Started } from '../action.ts'
import { deleteNamespace } from './real-cluster.ts'
import { startLoad, type Counted } from './load.ts'
import { startWitness, type Testimony } from './witness.ts'
import { createLiveWorld, type LiveWorld } from './workload.ts'

/** What users saw, and what the Service did, while the scene was played. */
export interface Seen extends Testimony {
  readonly users: Counted
}

type Values = Readonly<Record<string, string>>

/** A world in which the action can be run. */
export interface LiveStage extends LiveWorld {
  readonly start: (inputs: Values, env?: Values) => Started
  readonly run: (inputs: Values, env?: Values) => Promise<Ended>
}

/** A stage with users on it. */
export interface LiveScene extends LiveStage {
  /** Ends the users' requests. @returns what they saw */
  readonly end: () => Promise<Seen>
}

/** Requests per second where a gap of milliseconds in the traffic has to be seen. */
export const CLOSE = 200
const USUAL = 60
/** Requests per second where many scenes run at the same time, or words are what matters: it leaves the machine time. */
export const ONE_OF_MANY = 40

const open: (() => Promise<unknown>)[] = []

/** Writes objects as a manifest file of the user's. */
export function manifestFile(objects: readonly object[], before = ''): string {
  const path = join(mkdtempSync(join(tmpdir(), 'manifests-')), 'web.yaml')
  writeFileSync(path, before + objects.map((object) => stringify(object, { version: '1.1' })).join('---\n'))
  return path
}

/** Ends whatever scenes have left running. */
export async function closeLiveScenes(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close()
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= work())
}

/**
 * Puts users on a running workload, and a witness beside the Service.
 * @param host that the gateway serves, where users come in by it
 */
export async function openLiveScene(
  objects?: readonly KubernetesObject[],
  host?: string,
  requestsPerSecond = USUAL
): Promise<LiveScene> {
  const stage = await openLiveStage(objects, host)
  const load = await startLoad(stage.url, requestsPerSecond, stage.headers)
  const witness = startWitness(stage.namespace)
  const end = once(async () => ({ users: await load.stop(), ...(await witness.stop()) }))
  open.push(end)
  return { ...stage, end }
}

/** A running workload that nobody uses, for what is told before a release, or what objects become in one. */
export async function openLiveStage(
  objects?: readonly KubernetesObject[],
  host?: string
): Promise<LiveStage> {
  const world = await createLiveWorld(objects, host)
  open.push(() => deleteNamespace(world.namespace))
  const start: LiveStage['start'] = (inputs, env = {}) => {
    const started = startAction({ inputs: { ...world.inputs, ...inputs }, env })
    open.push(() => Promise.resolve(started.child.kill('SIGKILL')))
    return started
  }
  return { ...world, start, run: (inputs, env) => start(inputs, env).ended }
}
