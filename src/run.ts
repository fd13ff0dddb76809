import { abort } from './commands/abort.ts'
import { cleanup } from './commands/cleanup.ts'
import { deploy } from './commands/deploy.ts'
import type { Invocation } from './commands/invocation.ts'
import { plan } from './commands/plan.ts'
import { promote } from './commands/promote.ts'
import { rollback } from './commands/rollback.ts'
import { status } from './commands/status.ts'
import { noting, turnedDown } from './commands/turned-down.ts'
import type { Outcome } from './domain/outcome.ts'
import type { Command } from './inputs/inputs.ts'

const COMMANDS: Readonly<Record<Command, (invocation: Invocation) => Promise<Outcome>>> = {
  deploy,
  promote,
  abort,
  rollback,
  status,
  plan,
  cleanup
}

/**
 * The whole story: observe, plan, execute; on a failure put stable back; tell the outcome. So it does where a command
 * throws, which most often means that nothing has been changed: InputError, LockedError, ClusterError.
 */
export async function run(invocation: Invocation): Promise<Outcome> {
  const { cluster, isTouched } = noting(invocation.ports.cluster)
  try {
    const command = COMMANDS[invocation.inputs.command]
    return await command({ ...invocation, ports: { ...invocation.ports, cluster } })
  } catch (error) {
    return turnedDown(error, invocation, isTouched())
  }
}
