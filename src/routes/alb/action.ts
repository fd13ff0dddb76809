import type { Backends } from '../route.ts'

type Fields = Readonly<Record<string, unknown>>

/** An entry of a forward action. The controller reads the names of fields without regard to case. */
export type TargetGroup = Fields

/** What a path of an Ingress does, as the AWS Load Balancer Controller reads it from an annotation. */
export type Action = Fields

const PREFIX = 'alb.ingress.kubernetes.io/'
export const actionKey = (name: string): string => `${PREFIX}actions.${name}`
export const conditionsKey = (name: string): string => `${PREFIX}conditions.${name}`
export const isAlbAnnotation = (key: string): boolean => key.startsWith(PREFIX)

const keyIn = (fields: Fields, name: string): string | undefined =>
  Object.keys(fields).find((key) => key.toLowerCase() === name.toLowerCase())

function fieldOf(fields: Fields, name: string): unknown {
  const key = keyIn(fields, name)
  return key === undefined ? undefined : fields[key]
}

/** Writes the field under the name that it has; a new one in the case that the author writes others in. */
function withField(fields: Fields, name: string, value: unknown): Fields {
  const isCapital = Object.keys(fields).some((key) => /^[A-Z]/.test(key))
  const fresh = isCapital ? `${name.charAt(0).toUpperCase()}${name.slice(1)}` : name
  return { ...fields, [keyIn(fields, name) ?? fresh]: value }
}

/** Undefined when it is not the JSON of an object. */
export function parseAction(text: string): Action | undefined {
  try {
    const action = JSON.parse(text) as unknown
    return typeof action === 'object' && action !== null && !Array.isArray(action)
      ? (action as Action)
      : undefined
  } catch {
    return undefined
  }
}

export const typeOf = (action: Action): string => String(fieldOf(action, 'type')).toLowerCase()

const configOf = (action: Action): Fields => (fieldOf(action, 'forwardConfig') ?? {}) as Fields

export function groupsOf(action: Action): readonly TargetGroup[] {
  const groups = fieldOf(configOf(action), 'targetGroups')
  return typeOf(action) === 'forward' && Array.isArray(groups) ? (groups as TargetGroup[]) : []
}

export const withGroups = (action: Action, groups: readonly TargetGroup[]): Action =>
  withField(action, 'forwardConfig', withField(configOf(action), 'targetGroups', groups))

export function serviceOf(group: TargetGroup): string | undefined {
  const name = fieldOf(group, 'serviceName')
  return typeof name === 'string' ? name : undefined
}

export const portOf = (group: TargetGroup): unknown => fieldOf(group, 'servicePort')

/** A group without a weight has 1, which matters beside others alone. */
export const weightOf = (group: TargetGroup): number => Number(fieldOf(group, 'weight') ?? 1)

export const withWeight = (group: TargetGroup, weight: number): TargetGroup =>
  withField(group, 'weight', weight)

export const withService = (group: TargetGroup, service: string): TargetGroup =>
  withField(group, 'serviceName', service)

/** What a path does that names the Service itself. */
export const forwardTo = (serviceName: string, servicePort: unknown): Action => ({
  type: 'forward',
  forwardConfig: { targetGroups: [{ serviceName, servicePort, weight: 100 }] }
})

export const isStableIn = (group: TargetGroup, { apex, stable }: Backends): boolean =>
  [apex, stable].includes(serviceOf(group) ?? '')

export const isCanaryIn = (group: TargetGroup, { canary }: Backends): boolean => serviceOf(group) === canary

export const isOwnIn = (group: TargetGroup, backends: Backends): boolean =>
  isStableIn(group, backends) || isCanaryIn(group, backends)

/** The entry by which stable gets its traffic: the one with weight, else the one of its own Service. */
export function stableGroup(groups: readonly TargetGroup[], backends: Backends): TargetGroup | undefined {
  const candidates = groups.filter((group) => isStableIn(group, backends))
  return (
    candidates.find((group) => weightOf(group) > 0) ??
    candidates.find((group) => serviceOf(group) === backends.stable) ??
    candidates[0]
  )
}
