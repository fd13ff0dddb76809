import type { Clock } from '../base/clock.ts'
import { percent } from '../base/counted.ts'
import { messageOf } from '../base/errors.ts'
import type { Shift } from '../domain/outcome.ts'
import type { Pod } from '../kubernetes/objects.ts'
import type { Entry } from '../smoke/entry.ts'
import { createPods, type Pods } from '../smoke/pods.ts'
import { readyPods } from './endpoints.ts'
import type { ReleaseRun } from './release-run.ts'

/** What the header of the probe says in the answers of the two versions. */
export interface Marks {
  readonly canary: string
  readonly stable: string
}

/** Milliseconds until a change is in effect in a gateway: Traefik gathers changes for two seconds. */
const EFFECTIVE = 2500

/** 200 requests within 5 s: enough to tell 10% from 20%, and no load worth speaking of. */
const REQUESTS = 200
const EVERY = 25
const AT_ONCE = 20

/** Requests without any answer after which none is expected. */
const HOPELESS = 10

/** Answers to the requests of one probe, by the version that gave them. */
interface Seen {
  sent: number
  canary: number
  stable: number
  /** Requests that neither of the two versions answered. */
  lost: number
  /** Why the first of these was lost. */
  problem: string
}

/**
 * Sends requests through the users' entry and counts which version answers, until there are enough or the signal is
 * aborted, as when the step ends. Never throws: a failure to observe is one warning in a release.
 * @param duration of the step in milliseconds; with 0 nothing is observed, because nobody would wait for it
 */
export async function observeShare(run: ReleaseRun, duration: number, signal: AbortSignal): Promise<void> {
  const { progress } = run
  const { entry, clock } = run.ports
  const shift = run.journal.shifts.at(-1)
  if (entry === undefined || progress.marks === 'none' || duration === 0) return
  if (shift === undefined || shift.observed !== undefined) return
  const seen: Seen = { sent: 0, canary: 0, stable: 0, lost: 0, problem: '' }
  try {
    progress.marks ??= await unlessAborted(readMarks(entry, run, signal), signal)
    await clock.sleep(Math.max(0, shift.at + EFFECTIVE - clock.now()), signal)
    await unlessAborted(count({ entry, marks: progress.marks, seen }, clock, signal), signal)
  } catch (error) {
    if (!signal.aborted) {
      giveUp(run, messageOf(error))
      return
    }
  }
  tell(run, shift, seen, entry)
}

/** Requests that are still under way must not delay putting the traffic back. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => {
    aborted.reject(signal.reason)
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  return Promise.race([work, aborted.promise]).finally(() => {
    signal.removeEventListener('abort', onAbort)
  })
}

function tell(run: ReleaseRun, shift: Shift, seen: Seen, entry: Entry): void {
  const requests = seen.canary + seen.stable
  if (requests > 0) {
    const share = (100 * seen.canary) / requests
    run.journal.shifts.splice(-1, 1, { ...shift, observed: { share, requests } })
    run.ports.log.line(describe(seen, share, entry, run))
  } else if (seen.lost > 0) giveUp(run, seen.problem)
  else if (seen.sent >= HOPELESS) giveUp(run, 'the entry did not answer while the step lasted')
}

function giveUp(run: ReleaseRun, why: string): void {
  run.progress.marks = 'none'
  const warning = `probe: the share that users see is not observed: ${why}`
  run.ports.log.warning(warning)
  run.journal.warnings.push(warning)
}

function describe({ canary, stable, lost }: Seen, share: number, { probe }: Entry, run: ReleaseRun): string {
  // The query of a URL may hold secrets.
  const { origin, pathname } = new URL(probe.url)
  const rest = lost === 0 ? '' : `; ${lost} more got no answer from either version`
  return `observed through ${origin}${pathname}: ${canary} of ${canary + stable} = ${percent(share)} from ${run.progress.canary.deployment}${rest}`
}

interface Counting {
  readonly entry: Entry
  readonly marks: Marks
  readonly seen: Seen
}

async function count(counting: Counting, clock: Clock, signal: AbortSignal): Promise<void> {
  const { seen } = counting
  const open = new Set<Promise<void>>()
  while (seen.sent < REQUESTS && !isHopeless(seen)) {
    if (open.size === AT_ONCE) await Promise.race(open)
    const request = countOne(counting, signal).finally(() => open.delete(request))
    open.add(request)
    seen.sent += 1
    await clock.sleep(EVERY, signal)
  }
  await Promise.all(open)
}

const isHopeless = ({ canary, stable, lost }: Seen): boolean => canary + stable === 0 && lost >= HOPELESS

async function countOne({ entry, marks, seen }: Counting, signal: AbortSignal): Promise<void> {
  const lose = (why: string): void => {
    seen.lost += 1
    seen.problem ||= why
  }
  try {
    const mark = await entry.ask(signal)
    const { header } = entry.probe
    if (mark === marks.canary) seen.canary += 1
    else if (mark === marks.stable) seen.stable += 1
    else if (mark === undefined) lose(`answers at the entry have no header ${header}`)
    else lose(`answers at the entry say ${mark} in ${header}, as neither version does`)
  } catch (error) {
    if (!signal.aborted) lose(`the entry does not answer: ${messageOf(error)}`)
  }
}

/**
 * Asks pods of both versions which value of the header they answer with.
 * @throws Error when it does not tell the versions apart
 */
async function readMarks({ probe }: Entry, run: ReleaseRun, signal: AbortSignal): Promise<Marks> {
  const { namespace, entrance, ports, initial } = run
  const { canary, stable } = run.progress
  if (canary.deployment === stable.deployment)
    throw new Error(`strategy ${initial.strategy ?? ''} leaves no pod of the old version to compare with`)
  const pods = createPods({ namespace, entrance, slot: canary.slot, pods: [] }, ports.cluster)
  const request = requestTo(probe)
  const mark = (deployment: string, ready: readonly Pod[]): Promise<string> =>
    markOf(deployment, ready, probe.header, (pod) => pods.ask(pod, request, signal))
  try {
    const marks = {
      canary: await mark(canary.deployment, run.progress.pods),
      stable: await mark(stable.deployment, await readyPods(run, 'stable'))
    }
    if (marks.canary !== marks.stable) return marks
    throw new Error(`${probe.header} is ${marks.canary} in the answers of both versions`)
  } finally {
    await pods.close()
  }
}

const requestTo = ({ url }: Entry['probe']) =>
  ({
    kind: 'request',
    method: 'GET',
    // Without the query, which may hold a secret: the API server's errors and its audit log tell the path.
    target: new URL(url).pathname,
    expect: { status: 200, within: 10_000 }
  }) as const

/** Asks two pods: a header that differs between them names the pod and not the version. */
async function markOf(
  deployment: string,
  ready: readonly Pod[],
  header: string,
  ask: (pod: string) => ReturnType<Pods['ask']>
): Promise<string> {
  if (ready.length === 0) throw new Error(`no pod of ${deployment} is ready`)
  const replies = await Promise.all(ready.slice(0, 2).map(({ metadata }) => ask(metadata.name)))
  const failed = replies.find((reply) => 'failure' in reply)
  if (failed !== undefined) throw new Error(`a pod of ${deployment} does not answer: ${failed.failure}`)
  const values = replies.map((reply) =>
    'headers' in reply ? reply.headers[header.toLowerCase()] : undefined
  )
  const [first] = values
  if (first === undefined) throw new Error(`answers of ${deployment} have no header ${header}`)
  if (values.every((value) => value === first)) return first
  throw new Error(`${header} is not the same in the answers of all pods of ${deployment}`)
}
