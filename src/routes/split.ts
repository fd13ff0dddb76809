import type { Split } from './route.ts'

export const NOBODY: Split = { weight: 0 }
export const EVERYBODY: Split = { weight: 100 }

/** Who is sent to the canary, in words: `10% of the traffic`. The value of a header may be a secret. */
export function describeSplit({ weight, header, mirror }: Split): string {
  if (weight === 100) return 'all traffic'
  const parts = [
    ...(weight > 0 ? [`${weight}% of the traffic`] : []),
    ...(header === undefined ? [] : [`requests with header ${header.name}`]),
    ...(mirror === undefined ? [] : [`copies of ${mirror}% of the requests`])
  ]
  return parts.join(' and ') || 'no users'
}

/** Whether nobody, not even a copy of a request, is sent to the canary. */
export const isNobody = ({ weight, header, mirror }: Split): boolean =>
  weight === 0 && header === undefined && mirror === undefined
