import type { Right } from './rights.ts'

/** `need('apps', 'deployments', 'get', 'patch')`: a right for each verb. */
export function need(group: string, resource: string, ...verbs: string[]): Right[] {
  const [name = '', subresource] = resource.split('/')
  return verbs.map((verb) => ({
    verb,
    group,
    resource: name,
    ...(subresource === undefined ? {} : { subresource })
  }))
}

/** Each right once. */
export const distinct = (needs: readonly Right[]): readonly Right[] => [
  ...new Map(needs.map((right) => [JSON.stringify(right), right])).values()
]
