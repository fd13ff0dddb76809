import * as core from '@actions/core'
import { randomUUID } from 'node:crypto'
import { systemClock } from './base/clock.ts'
import { Cancelled, ClusterError, InputError, messageOf } from './base/errors.ts'
import { emptyOutcome } from './domain/empty-outcome.ts'
import type { Outcome } from './domain/outcome.ts'
import { readInputs, type Inputs } from './inputs/inputs.ts'
import { secretsOf } from './inputs/secrets.ts'
import type { Target } from './observe/observe.ts'
import type { ReleaseOrigin } from './plan/begin-release.ts'
import { actionsLog } from './report/github/actions-log.ts'
import { flushed } from './report/github/flushed.ts'
import { announce, publish, writeSummary } from './report/github/publish.ts'
import { workflowRun } from './report/github/workflow-run.ts'
import { maskKubeconfig } from './report/masking.ts'

/** What the post step has to know of the step, should that have been killed. */
interface Begun {
  readonly target: Target
  readonly origin: ReleaseOrigin
}

const log = actionsLog()

/** All that the runner has been told to mask. */
const SECRETS = new Set<string>()
function mask(secret: string): void {
  SECRETS.add(secret)
  core.setSecret(secret)
}

/** Commands whose manifests say what is, or was, to be released. */
const BRINGS: ReadonlySet<Inputs['command']> = new Set(['deploy', 'plan', 'promote'])

/** What nobody needs before the inputs are read: most of the bundle, and there a file of its own. */
const wiring = () => import('./wiring.ts')

/** The runner starts this file twice: for the step, and after the job's last step for what a killed one has left. */
const entry = core.getState('main') === '' ? main : post

await entry().catch((error: unknown) => {
  log.endGroup()
  core.setFailed(messageOf(error))
})
await flushed(process.stdout, process.stderr)
// Keep-alive connections and watches are still open, and nothing waits for them.
process.exit()

async function main(): Promise<void> {
  saveState('main', 'begun')
  const known: Known = { origin: originOf() }
  const outcome = await release(known).catch((error: unknown) => unchangedBy(error, known))
  log.endGroup()
  announce(outcome, log)
  if (outcome.unsettled !== true) saveState('settled', 'true')
  const { inputs, cluster } = known
  await publish({ outcome, inputs, cluster, secrets: SECRETS }, log)
}

/** Without its state the post step would take itself for the step, so it goes by the log where the file is gone. */
function saveState(name: string, value: string): void {
  try {
    core.saveState(name, value)
  } catch {
    delete process.env.GITHUB_STATE
    core.saveState(name, value)
  }
}

/** What is known of a run so far, should it end by an error. */
interface Known {
  readonly origin: ReleaseOrigin
  inputs?: Inputs
  target?: Target
  /** Tells the cluster from others. */
  cluster?: string
  /** Who has named the namespace, where the input does not. */
  namespaceFrom?: string | undefined
}

async function release(known: Known): Promise<Outcome> {
  const { origin } = known
  const signal = cancellation()
  const inputs = (known.inputs = maskedInputs())
  const { openSamplers, openPorts, readManifests, run, targetOf } = await wiring()
  const { ports, namespace, namespaceFrom, identity } = openPorts(inputs, log, mask)
  known.namespaceFrom = namespaceFrom
  known.cluster = identity
  const manifests =
    BRINGS.has(inputs.command) || inputs.workload === undefined ? await readManifests(inputs.manifests) : []
  const target = (known.target = targetOf({ inputs, namespace, manifests }))
  const begun: Begun = { target, origin }
  saveState('begun', JSON.stringify(begun))
  const createSampler = openSamplers(inputs, ports, mask)
  return run({ inputs, target, manifests, createSampler, origin, ports, signal })
}

/** Errors from before the command began: nothing has been looked at, and nothing changed. */
function unchangedBy(error: unknown, { origin, inputs, target, namespaceFrom }: Known): Outcome {
  const command = inputs?.command ?? 'deploy'
  return {
    ...emptyOutcome(command, origin, systemClock.now()),
    namespace: target?.namespace ?? inputs?.namespace ?? '',
    workload: target?.workload ?? inputs?.workload?.name ?? '',
    result: error instanceof Cancelled ? 'aborted' : 'failed',
    reason: [messageOf(error), ...namespaceHint(error, target, namespaceFrom)].join('\n')
  }
}

/** What is not found, or not allowed, may be so in another namespace. */
function namespaceHint(error: unknown, target?: Target, from?: string): readonly string[] {
  const isAbout = error instanceof InputError || (error instanceof ClusterError && error.status === 403)
  const where = `in namespace ${target?.namespace ?? ''}`
  return target !== undefined && from !== undefined && isAbout && error.message.includes(where)
    ? [`The namespace is ${target.namespace} because ${from}; the input namespace names another one`]
    : []
}

/** Finishes undoing what a cancelled or killed step had begun. */
async function post(): Promise<void> {
  const begun = core.getState('begun')
  if (begun === '' || core.getState('settled') === 'true') return
  const { target, origin } = JSON.parse(begun) as Begun
  const inputs = maskedInputs()
  const { openPorts, recoverOwn } = await wiring()
  const { ports } = openPorts(inputs, log, mask)
  const done = await recoverOwn({ target, origin, ports, inputs })
  if (done === undefined) return
  await writeSummary(`${done}\n`).catch((error: unknown) => {
    log.warning(`the job summary could not be written: ${messageOf(error)}`)
  })
}

/** Secrets are masked before anything else can print them. */
function maskedInputs(): Inputs {
  maskKubeconfig(core.getInput('kubeconfig'), mask)
  const inputs = readInputs((name) => core.getInput(name, { trimWhitespace: false }))
  for (const secret of secretsOf(inputs)) mask(secret)
  return inputs
}

function originOf(): ReleaseOrigin {
  const { GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: attempt = '1' } = process.env
  const startedAt = Math.round(performance.timeOrigin)
  const release = id === undefined ? `local-${startedAt}` : `${id}-${attempt}`
  const holder = `${release}-${randomUUID().slice(0, 8)}`
  if (id === undefined) return { release, holder, startedAt }
  const { serverUrl, owner, repo, sha } = workflowRun(process.env)
  const { GITHUB_ACTOR: actor } = process.env
  return {
    release,
    holder,
    startedAt,
    ...(actor === undefined ? {} : { actor }),
    ...(sha === '' ? {} : { sha }),
    // Without the repository there is no way to the run.
    ...(repo === '' ? {} : { run: `${serverUrl}/${owner}/${repo}/actions/runs/${id}/attempts/${attempt}` })
  }
}

/** The runner sends SIGINT, 7.5 s later SIGTERM and 2.5 s after that SIGKILL; some only ever send SIGTERM. */
function cancellation(): AbortSignal {
  const cancelled = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      cancelled.abort(new Cancelled(`the run was cancelled (${signal})`))
    })
  }
  // A bug of ours must not leave traffic half moved either.
  for (const bug of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(bug, (error: unknown) => {
      cancelled.abort(new Error(`unexpected error, please report it: ${messageOf(error)}`))
    })
  }
  return cancelled.signal
}
