import { abort } from './commands/abort.ts'
import { cleanup } from './commands/cleanup.ts'
import { deploy } from './commands/deploy.ts'
import { InputError } from './base/errors.ts'
import type { Inputs } from './inputs/inputs.ts'
import type { Manifest } from './kubernetes/manifests.ts'
import type { Target } from './observe/observe.ts'
import type { Outcome } from './domain/outcome.ts'
import { promote } from './commands/promote.ts'
import type { Invocation } from './commands/invocation.ts'
import { rollback } from './commands/rollback.ts'
import { showPlan } from './commands/plan.ts'
import { status } from './commands/status.ts'
import { noting, turnedDown } from './commands/turned-down.ts'

/**
 * The whole story: observe, plan, execute; on a failure put stable back; tell the outcome. So it does where a command
 * throws, which most often means that nothing has been changed: InputError, LockedError, ClusterError.
 */
export async function run(invocation: Invocation): Promise<Outcome> {
  const { cluster, isTouched } = noting(invocation.ports.cluster)
  try {
    return await obey({ ...invocation, ports: { ...invocation.ports, cluster } })
  } catch (error) {
    return turnedDown(error, invocation, isTouched())
  }
}

function obey(invocation: Invocation): Promise<Outcome> {
  switch (invocation.inputs.command) {
    case 'deploy':
      return deploy(invocation)
    case 'promote':
      return promote(invocation)
    case 'abort':
      return abort(invocation)
    case 'rollback':
      return rollback(invocation)
    case 'status':
      return status(invocation)
    case 'plan':
      return showPlan(invocation)
    case 'cleanup':
      return cleanup(invocation)
  }
}

interface Named {
  readonly inputs: Inputs
  readonly namespace: string
  readonly manifests: readonly Manifest[]
}

/** @throws InputError when the inputs leave open which Deployment is meant */
export const targetOf = ({ inputs, namespace, manifests }: Named): Target => ({
  namespace,
  workload: inputs.workload ?? onlyDeployment(manifests),
  services: inputs.route.filter(({ kind }) => kind === 'service').map(({ name }) => name),
  routes: inputs.route.filter(({ kind }) => kind !== 'service')
})

function onlyDeployment(manifests: readonly Manifest[]): string {
  const names = manifests
    .filter(({ object }) => object.kind === 'Deployment')
    .map(({ object }) => object.metadata.name)
  const workloads = [...new Set(names.map((name) => name.replace(/-(blue|green)$/, '')))]
  const [only, another] = workloads
  if (only !== undefined && another === undefined) return only
  const what =
    only === undefined
      ? 'the manifests hold no Deployment'
      : `the manifests hold ${workloads.length} Deployments (${workloads.join(', ')})`
  throw new InputError([
    { input: 'workload', problem: `${what}, so it has to be named`, example: `workload: ${only ?? 'web'}` }
  ])
}
