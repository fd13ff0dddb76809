import { InputError } from './base/errors.ts'
import { abort } from './commands/abort.ts'
import { cleanup } from './commands/cleanup.ts'
import { deploy } from './commands/deploy.ts'
import { obeyDriven } from './commands/driven/index.ts'
import { isDriven } from './commands/driven/invocation.ts'
import type { Invocation } from './commands/invocation.ts'
import { leave } from './commands/leave.ts'
import { noting } from './commands/noting.ts'
import { plan } from './commands/plan.ts'
import { promote } from './commands/promote.ts'
import { rollback } from './commands/rollback.ts'
import { status } from './commands/status.ts'
import { turnedDown } from './commands/turned-down.ts'
import type { Outcome } from './domain/outcome.ts'
import { followFault } from './inputs/engine-faults.ts'
import type { Command } from './inputs/inputs.ts'

/** There is nothing to follow where no controller goes on by itself: the inputs say so. */
type OfDeployment = Exclude<Command, 'follow'>

const COMMANDS: Readonly<Record<OfDeployment, (invocation: Invocation) => Promise<Outcome>>> = {
  deploy,
  promote,
  abort,
  rollback,
  status,
  plan,
  cleanup,
  leave
}

/**
 * Does what the command says. An error ends it with an outcome, too: most often nothing has been changed then
 * (InputError, LockedError, ClusterError).
 */
export async function run(invocation: Invocation): Promise<Outcome> {
  const { cluster, isTouched } = noting(invocation.ports.cluster)
  try {
    const noted = { ...invocation, ports: { ...invocation.ports, cluster } }
    if (isDriven(noted)) return await obeyDriven(noted)
    const { command } = noted.inputs
    if (command === 'follow') throw new InputError([followFault])
    return await COMMANDS[command](noted)
  } catch (error) {
    return turnedDown(error, invocation, isTouched())
  }
}
