import { InputError } from '../base/errors.ts'
import type { Inputs } from '../inputs/inputs.ts'
import type { Manifest } from '../kubernetes/manifests.ts'
import type { Target } from '../observe/observe.ts'

interface Named {
  readonly inputs: Inputs
  readonly namespace: string
  readonly manifests: readonly Manifest[]
}

/** @throws InputError when the inputs leave open which Deployment is meant */
export function targetOf({ inputs, namespace, manifests }: Named): Target {
  const { workload = { kind: 'deployment', name: onlyDeployment(manifests) }, route } = inputs
  return {
    namespace,
    workload: workload.name,
    ...(workload.kind === 'deployment' ? {} : { engine: workload.kind }),
    services: route.filter(({ kind }) => kind === 'service').map(({ name }) => name),
    routes: route.filter(({ kind }) => kind !== 'service')
  }
}

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
