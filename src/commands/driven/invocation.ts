import type { DrivenTarget } from '../../observe/driven.ts'
import type { Invocation } from '../invocation.ts'

/** One run of the action for a workload that a controller releases. */
export type DrivenInvocation = Invocation & { readonly target: DrivenTarget }

export const isDriven = (invocation: Invocation): invocation is DrivenInvocation =>
  invocation.target.engine !== undefined
