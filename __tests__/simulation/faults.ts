import type { Clock } from '../../src/base/clock.ts'
import { ClusterError } from '../../src/base/errors.ts'
import type { Moment, ProcessFault, Refusal } from './schedule.ts'

type Of<Kind extends ProcessFault['kind']> = Extract<ProcessFault, { kind: Kind }>

/** When what happens to a process. */
export interface ProcessFaults {
  /** What hits the process at this side of its call; each hits once. */
  strike(side: Moment['side'], isWrite: boolean): Of<'dies'> | Of<'sleeps'> | undefined
  /** What the call is refused with: then it is not carried out. */
  refusal(verb: string, isWrite: boolean, call: number): ClusterError | undefined
  /** @throws ClusterError when the answer to what was carried out does not arrive */
  lose(isWrite: boolean, call: number): void
  /** Milliseconds. */
  newsLateBy(): number
  /** Resolves when all watches that are open end. */
  watchesEnd(): Promise<void>
}

export function openProcessFaults(
  faults: readonly ProcessFault[],
  dice: number,
  begun: number,
  clock: Clock
): ProcessFaults {
  const counts = { call: 0, write: 0 }
  const struck = new Set<ProcessFault>()
  const of = <Kind extends ProcessFault['kind']>(kind: Kind): readonly Of<Kind>[] =>
    faults.filter((fault): fault is Of<Kind> => fault.kind === kind)
  const blows = [...of('dies'), ...of('sleeps')]
  const isOn = ({ at, ms }: { readonly at: number; readonly ms: number }): boolean =>
    clock.now() >= begun + at && clock.now() < begun + at + ms
  const hit = (call: number): Refusal | undefined =>
    of('errors').find((fault) => isOn(fault) && chance(dice, call) * 100 < fault.percent)?.status
  return {
    strike(side, isWrite) {
      if (side === 'before') {
        counts.call += 1
        counts.write += Number(isWrite)
      }
      const blow = blows.find(
        (one) =>
          !struck.has(one) &&
          one.moment.side === side &&
          (one.moment.of === 'call' || isWrite) &&
          one.moment.nth === counts[one.moment.of]
      )
      if (blow !== undefined) struck.add(blow)
      return blow
    },
    refusal(verb, isWrite, call) {
      const status = hit(call)
      // What only reads is asked again by the client, until it gives up.
      if (status === undefined || (status === 'lost' && isWrite)) return undefined
      return status === 409 && !isWrite ? undefined : refusalWith(status, verb)
    },
    lose(isWrite, call) {
      if (isWrite && hit(call) === 'lost') throw refusalWith('lost', 'write')
    },
    newsLateBy: () =>
      Math.max(
        0,
        ...of('late news')
          .filter(isOn)
          .map(({ by }) => by)
      ),
    async watchesEnd() {
      const [next] = of('watches end').filter(({ at }) => begun + at > clock.now())
      if (next === undefined) await new Promise(() => undefined)
      else await clock.sleep(begun + next.at - clock.now())
    }
  }
}

const refusalWith = (status: Refusal, verb: string): ClusterError =>
  status === 'lost'
    ? new ClusterError('the connection broke: read ECONNRESET', 0)
    : new ClusterError(`cannot ${verb}: status ${status} without a word`, status)

/** A number from 0 to 1 for each call: mulberry32 by Tommy Ettinger (public domain). */
function chance(dice: number, call: number): number {
  let state = (dice + Math.imul(call, 0x6d2b79f5)) | 0
  state = Math.imul(state ^ (state >>> 15), state | 1)
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61)
  return ((state ^ (state >>> 14)) >>> 0) / 4_294_967_296
}
