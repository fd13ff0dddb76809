import type { Outcome } from '../../domain/outcome.ts'
import type { Command } from '../../inputs/inputs.ts'
import { abort } from './abort.ts'
import { cleanup } from './cleanup.ts'
import { deploy } from './deploy.ts'
import { follow } from './follow.ts'
import { leave } from './leave.ts'
import type { DrivenInvocation } from './invocation.ts'
import { plan } from './plan.ts'
import { promote } from './promote.ts'
import { rollback } from './rollback.ts'
import { status } from './status.ts'

type Doer = (invocation: DrivenInvocation) => Promise<Outcome>

const COMMANDS: Readonly<Record<Command, Doer>> = {
  deploy,
  promote,
  follow,
  abort,
  rollback,
  status,
  plan,
  cleanup,
  leave
}

/** Does what the command says with a workload that a controller releases. */
export const obeyDriven = (invocation: DrivenInvocation): Promise<Outcome> =>
  COMMANDS[invocation.inputs.command](invocation)
