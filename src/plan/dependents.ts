import type { Deployment, KubernetesObject } from '../kubernetes/objects.ts'
import { templateLabels, type Labels } from '../kubernetes/selectors.ts'

/** Fields of a VerticalPodAutoscaler that are read here. */
export interface VerticalAutoscaler extends KubernetesObject {
  readonly spec?: { readonly targetRef?: { readonly kind?: string; readonly name?: string } }
}

interface Selector {
  readonly matchLabels?: Labels
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

/** Fields of a PodDisruptionBudget that are read here. */
export interface DisruptionBudget extends KubernetesObject {
  readonly spec?: { readonly selector?: Selector }
}

/** Objects made for the Deployment or the pods that serve, which do not follow a release to the new version. */
export function dependentWarnings(
  canary: Deployment,
  stable: Deployment,
  autoscalers: readonly VerticalAutoscaler[],
  budgets: readonly DisruptionBudget[]
): readonly string[] {
  // In place the Deployment stays the one that it is.
  if (canary.metadata.name === stable.metadata.name) return []
  const [old, next] = [stable, canary].map(({ metadata }) => `deployment/${metadata.name}`)
  const lost = autoscalers.some((one) => isFor(one, canary))
    ? []
    : autoscalers.filter((one) => isFor(one, stable))
  const [was, is] = [stable, canary].map(({ spec }) => templateLabels(spec.template))
  const narrow = budgets.some((one) => protects(one, is)) ? [] : budgets.filter((one) => protects(one, was))
  return [
    ...lost.map(
      ({ metadata }) =>
        `verticalpodautoscaler/${metadata.name} is for ${old}, which has no pods after the release: those of ${next} keep the requests of their template. Make one for ${next} too, or take strategy: rolling, which keeps the Deployment`
    ),
    ...narrow.map(
      ({ metadata }) =>
        `poddisruptionbudget/${metadata.name} selects the pods of ${old} and not those of ${next}: when a node is drained after the release, all of the new ones may end at once. Leave the label that tells the two apart out of its selector`
    )
  ]
}

const isFor = ({ spec }: VerticalAutoscaler, { metadata }: Deployment): boolean =>
  spec?.targetRef?.kind === 'Deployment' && spec.targetRef.name === metadata.name

function protects({ spec }: DisruptionBudget, labels: Labels = {}): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {}
  return (
    spec?.selector !== undefined &&
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key]
      const isAmong = value !== undefined && values.includes(value)
      if (operator === 'In') return isAmong
      if (operator === 'NotIn') return !isAmong
      return (value !== undefined) === (operator === 'Exists')
    })
  )
}
