import { stat } from 'node:fs/promises'
import * as core from '@actions/core'
import { systemClock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Outcome } from '../../domain/outcome.ts'
import type { Inputs } from '../../inputs/inputs.ts'
import { delicateIn } from '../../inputs/secrets.ts'
import { commentOf } from '../comment.ts'
import { helpForLines } from '../help.ts'
import { failsTheStep, outcomeJson, verdictLine, verdictOutputs } from '../outputs.ts'
import { redacted } from '../redact.ts'
import { renderSummary } from '../summary.ts'
import { contextFrom, writeComment } from './api.ts'
import { readEvent, workflowRun } from './workflow-run.ts'

/** Commands that have nothing to tell a pull request. */
const SILENT: ReadonlySet<Inputs['command']> = new Set(['status', 'cleanup', 'leave'])

/** What a run reports besides its log. */
export interface Report {
  readonly outcome: Outcome
  /** Undefined when they could not be read. */
  readonly inputs: Inputs | undefined
  /** Tells the cluster from others; undefined when it is not known which one is meant. */
  readonly cluster: string | undefined
  /** What has been masked in the log so far. */
  readonly secrets: Iterable<string>
}

/** The verdict comes first: nothing that goes wrong with a report may hide it. */
export function announce(outcome: Outcome, log: Log): void {
  if (failsTheStep(outcome))
    core.setFailed([verdictLine(outcome), ...helpForLines(outcome.reason)].join('\n'))
  else log.line(verdictLine(outcome))
}

/** Writes outputs, summary and comment. Each fails alone, with a warning: a release does not depend on its reports. */
export async function publish(report: Report, log: Log): Promise<void> {
  const { inputs, secrets } = report
  const delicate = inputs === undefined ? [] : delicateIn(inputs, process.env)
  const outcome = redacted(report.outcome, [...secrets, ...delicate])
  await attempt(log, 'the outputs', () => {
    setOutputs(verdictOutputs(outcome))
  })
  await attempt(log, 'the output json', () => {
    setOutputs({ json: outcomeJson(outcome) })
  })
  await attempt(log, 'the job summary', () => writeSummary(renderSummary(outcome)))
  await attempt(log, 'the comment on the pull request', () => comment({ ...report, outcome }, log))
}

async function attempt(log: Log, what: string, write: () => unknown): Promise<void> {
  try {
    await write()
  } catch (error) {
    log.warning(`${what} could not be written: ${messageOf(error)}`)
  }
}

function setOutputs(outputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
}

/** The runner drops the summary of a step, and fails it, when it is larger. */
const LARGEST_SUMMARY = 1024 * 1024

/** @throws Error when there is no room for it */
export async function writeSummary(markdown: string): Promise<void> {
  const { size } = await stat(process.env.GITHUB_STEP_SUMMARY ?? '').catch(() => ({ size: 0 }))
  if (size + Buffer.byteLength(markdown) > LARGEST_SUMMARY)
    throw new Error(`its file holds ${size} bytes already, and GitHub takes no more than 1 MiB`)
  await core.summary.addRaw(markdown).write()
}

/** Whether a pull request is to hear of it. */
export function concernsPullRequest({ command, commit }: Pick<Outcome, 'command' | 'commit'>): boolean {
  // By the clock it most often finds nothing, and whoever wrote the last commit has nothing to do with that.
  if (command === 'follow') return commit !== undefined
  return !SILENT.has(command)
}

async function comment({ outcome, inputs, cluster }: Report, log: Log): Promise<void> {
  if (inputs?.githubToken === undefined || inputs.comment === 'off' || !concernsPullRequest(outcome)) return
  const warn = (text: string): void => {
    log.warning(text)
  }
  await writeComment(
    {
      token: inputs.githubToken,
      context: {
        ...contextFrom(workflowRun(process.env), event(warn)),
        ...(outcome.command === 'deploy' || outcome.commit === undefined ? {} : { released: outcome.commit })
      },
      clock: systemClock,
      warn
    },
    commentOf(outcome, cluster)
  )
}

/** Without the event a pushed commit still tells its pull request. */
function event(warn: (text: string) => void): Readonly<Record<string, unknown>> {
  try {
    return readEvent(process.env)
  } catch (error) {
    warn(messageOf(error))
    return {}
  }
}
