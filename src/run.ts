import { abort } from './commands/abort.ts'
import { cleanup } from './commands/cleanup.ts'
import { deploy } from './commands/deploy.ts'
import type { Invocation } from './commands/invocation.ts'
import { noting } from './commands/noting.ts'
import { plan } from './commands/plan.ts'
import { promote } from './commands/promote.ts'
import { rollback } from './commands/rollback.ts'
import { status } from './commands/status.ts'
import { turnedDown } from './commands/turned-down.ts'
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
 * Does what the command says. An error ends it with an outcome, too: most often nothing has been changed then
 * (InputError, LockedError, ClusterError).
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
