import { randomUUID } from 'node:crypto'
import * as core from '@actions/core'
import { context } from '@actions/github'

import { openPrometheus } from './analysis/prometheus.ts'
import { Cancelled } from './carry-out.ts'
import { systemClock } from './clock.ts'
import { messageOf } from './errors.ts'
import type { Ports } from './execution/run-state.ts'
import { readInputs, secretsOf } from './inputs.ts'
import type { Inputs } from './inputs.ts'
import { createCluster } from './kubernetes/client.ts'
import { connect } from './kubernetes/connect.ts'
import { readManifests } from './manifest-files.ts'
import type { Target } from './observe.ts'
import type { Outcome } from './outcome.ts'
import { emptyOutcome } from './outcomes.ts'
import { openEntry } from './probe-http.ts'
import { recoverOwn } from './recover.ts'
import { actionsLog } from './report/actions-log.ts'
import { commentMarker, renderComment } from './report/comment.ts'
import { contextFrom, writeComment } from './report/github.ts'
import { maskKubeconfig, maskSecret } from './report/masking.ts'
import { failsTheStep, verdictLine, outputsOf } from './report/outputs.ts'
import { renderSummary } from './report/summary.ts'
import { run, targetOf } from './run.ts'
import type { Origin } from './strategies/prepare.ts'

/** What the post step has to know of the step, should that have been killed. */
interface Begun {
  readonly target: Target
  readonly origin: Origin
}

const log = actionsLog()

/** Commands whose manifests say what is, or was, to be released. */
const BRINGS: ReadonlySet<Inputs['command']> = new Set(['deploy', 'plan', 'promote'])

/** Commands that have nothing to tell a pull request. */
const SILENT: ReadonlySet<Inputs['command']> = new Set(['status', 'cleanup'])

/** The runner starts this file twice: for the step, and after the job's last step for what a killed one has left. */
const entry = core.getState('main') === '' ? main : post

await entry().catch((error: unknown) => {
  log.endGroup()
  core.setFailed(messageOf(error))
})
// Keep-alive connections and watches are still open, and nothing waits for them.
process.exit()

async function main(): Promise<void> {
  core.saveState('main', 'begun')
  const known: Known = { origin: originOf() }
  const outcome = await release(known).catch((error: unknown) => unchangedBy(error, known))
  log.endGroup()
  await report(outcome, known)
  if (outcome.unsettled !== true) core.saveState('settled', 'true')
  if (failsTheStep(outcome)) throw new Error(verdictLine(outcome))
  log.line(verdictLine(outcome))
}

/** What is known of a run so far, should it end by an error. */
interface Known {
  readonly origin: Origin
  inputs?: Inputs
  target?: Target
}

async function release(known: Known): Promise<Outcome> {
  const { origin } = known
  const signal = cancellation()
  const inputs = (known.inputs = maskedInputs())
  const { ports, namespace } = open(inputs)
  const manifests =
    BRINGS.has(inputs.command) || inputs.workload === undefined ? await readManifests(inputs.manifests) : []
  const target = (known.target = targetOf({ inputs, namespace, manifests }))
  const begun: Begun = { target, origin }
  core.saveState('begun', JSON.stringify(begun))
  const metrics =
    inputs.prometheus === undefined
      ? undefined
      : openPrometheus(inputs.prometheus, { headers: inputs.prometheusHeaders, cluster: ports.cluster })
  return run({ inputs, target, manifests, metrics, origin, ports, signal })
}

/** Errors that are thrown, not told in an outcome, mean that nothing has been changed. */
function unchangedBy(error: unknown, { origin, inputs, target }: Known): Outcome {
  const command = inputs?.command ?? 'deploy'
  return {
    ...emptyOutcome(command, origin, systemClock.now()),
    ...(target === undefined ? {} : { namespace: target.namespace, workload: target.workload }),
    result: error instanceof Cancelled ? 'aborted' : 'failed',
    reason: messageOf(error)
  }
}

/** Finishes undoing what a cancelled or killed step had begun. */
async function post(): Promise<void> {
  const begun = core.getState('begun')
  if (begun === '' || core.getState('settled') === 'true') return
  const { target, origin } = JSON.parse(begun) as Begun
  const inputs = maskedInputs()
  const { ports } = open(inputs)
  const done = await recoverOwn(target, origin, ports, inputs)
  if (done !== undefined) await writeSummary(`${done}\n`)
}

function open(inputs: Inputs): { ports: Ports; namespace: string } {
  const { config, namespace } = connect(inputs)
  // It may have come from a file.
  maskKubeconfig(config.exportConfig(), core.setSecret)
  const onSecret = (secret: string): void => {
    maskSecret(secret, core.setSecret)
  }
  const cluster = createCluster(config, { clock: systemClock, onSecret })
  const entry = inputs.probe === undefined ? {} : { entry: openEntry(inputs.probe) }
  return { ports: { cluster, clock: systemClock, log, ...entry }, namespace }
}

/** Secrets are masked before anything else can print them. */
function maskedInputs(): Inputs {
  maskKubeconfig(core.getInput('kubeconfig'), core.setSecret)
  const inputs = readInputs((name) => core.getInput(name, { trimWhitespace: false }))
  for (const secret of secretsOf(inputs)) core.setSecret(secret)
  return inputs
}

function originOf(): Origin {
  const { GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: attempt = '1' } = process.env
  const startedAt = Math.round(performance.timeOrigin)
  const release = id === undefined ? `local-${startedAt}` : `${id}-${attempt}`
  const holder = `${release}-${randomUUID().slice(0, 8)}`
  if (id === undefined) return { release, holder, startedAt }
  const { serverUrl, repo, actor, sha } = context
  return {
    release,
    holder,
    startedAt,
    actor,
    sha,
    run: `${serverUrl}/${repo.owner}/${repo.repo}/actions/runs/${id}/attempts/${attempt}`
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

async function report(outcome: Outcome, { inputs }: Known): Promise<void> {
  for (const [name, value] of Object.entries(outputsOf(outcome))) core.setOutput(name, value)
  await writeSummary(renderSummary(outcome))
  if (inputs?.githubToken === undefined || inputs.comment === 'off' || SILENT.has(inputs.command)) return
  const sticky = { marker: commentMarker(outcome), body: renderComment(outcome) }
  const warn = (text: string): void => {
    log.warning(text)
  }
  await writeComment(
    { token: inputs.githubToken, context: contextFrom(context), clock: systemClock, warn },
    sticky
  )
}

async function writeSummary(markdown: string): Promise<void> {
  await core.summary
    .addRaw(markdown)
    .write()
    .catch((error: unknown) => {
      log.warning(`the job summary could not be written: ${messageOf(error)}`)
    })
}
