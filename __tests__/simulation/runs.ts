import { recoverOwn } from '../../src/commands/recover-own.ts'
import { targetOf } from '../../src/commands/target.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { readInputs, type Inputs } from '../../src/inputs/inputs.ts'
import type { ReleaseOrigin } from '../../src/plan/begin-release.ts'
import { run } from '../../src/run.ts'
import { NAMESPACE } from '../support/memory/shop.ts'
import { startProcess, type Process } from './process.ts'
import { isProcessFault, type Act, type ProcessFault } from './schedule.ts'
import type { Stage } from './stage.ts'
import { givenBy } from './world.ts'

/** How a run of the action ended: by an outcome, by an error, or not at all. */
export type Ended =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'error'; readonly error: Error }
  | { readonly kind: 'died' }

/** A run that has been started. */
export interface Started {
  readonly name: string
  /** The version that it brings; undefined when that is not for it to say. */
  readonly version: string | undefined
  readonly inputs: Inputs
  readonly process: Process
  /** Milliseconds since the epoch. */
  readonly begunAt: number
  readonly ended: Promise<Ended>
  /** What is left by this run is done, as far as that goes, in a process of its own. */
  post(): Promise<Error | undefined>
}

interface Task {
  readonly name: string
  readonly command: Act['command']
  readonly inputs: Readonly<Record<string, string>>
  readonly version: string | undefined
  readonly faults: readonly ProcessFault[]
}

/** The task of the nth act. */
export const taskOf = (act: Act, at: number, version: string | undefined): Task => ({
  name: `run ${at}`,
  command: act.command,
  inputs: act.inputs,
  version,
  faults: act.faults.filter(isProcessFault)
})

export function start(
  stage: Stage,
  { name, command, inputs: given, version, faults }: Task,
  dice = 0
): Started {
  const inputs = inputsOf(stage, given, command, version)
  const release = `${name.replace(/\D+/, '')}-1`
  const origin: ReleaseOrigin = {
    release,
    holder: `${release}-a`,
    run: `https://ci/${release}`,
    startedAt: stage.clock.now()
  }
  const target = targetOf({ inputs, namespace: NAMESPACE, manifests: [] })
  const process = startProcess(stage, name, faults, dice)
  const { ports, signal, died } = process
  stage.story.note(name, `(begins: ${command}${version === undefined ? '' : ` version ${version}`})`)
  const outcome = run({
    inputs,
    target,
    manifests: [],
    createSampler: undefined,
    origin,
    ports,
    signal
  }).then(
    (value): Ended => ({ kind: 'outcome', outcome: value }),
    (error: unknown): Ended => ({ kind: 'error', error: error as Error })
  )
  return {
    name,
    version,
    inputs,
    process,
    begunAt: origin.startedAt,
    ended: Promise.race([outcome, died.then((): Ended => ({ kind: 'died' }))]),
    async post() {
      stage.story.note(name, '(its post step begins)')
      const fresh = startProcess(stage, name)
      return recoverOwn({ target, origin, ports: fresh.ports, inputs }).then(
        () => undefined,
        (error: unknown) => error as Error
      )
    }
  }
}

function inputsOf(
  { world }: Stage,
  given: Readonly<Record<string, string>>,
  command: string,
  version: string | undefined
): Inputs {
  const values: Readonly<Record<string, string>> = {
    ...givenBy(world),
    ...(command === 'deploy' ? given : settingsIn(given)),
    command,
    ...(version === undefined ? {} : { images: `shop/web:${version}` })
  }
  return readInputs((name) => values[name] ?? '')
}

/** The steps are those of the release. */
const settingsIn = ({ steps: _, ...given }: Readonly<Record<string, string>>) => given

/** As a person reads it. */
export function describeEnd(ended: Ended): string {
  if (ended.kind === 'died') return 'died'
  if (ended.kind === 'error') return `${ended.error.name}: ${ended.error.message}`
  const { result, reason, unsettled = false } = ended.outcome
  return `${result}${reason === '' ? '' : `: ${reason}`}${unsettled ? ' (unsettled)' : ''}`
}
