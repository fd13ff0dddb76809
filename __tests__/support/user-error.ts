import { ClusterError, InputError, ReleaseFailed } from '../../src/base/errors.ts'
import { MetricsError } from '../../src/checks/metrics-error.ts'
import { LockedError } from '../../src/lock/acquire.ts'

/** Whether an error is written for users; any other error is a bug. */
export const isUserError = (error: unknown): boolean =>
  [InputError, ClusterError, LockedError, MetricsError, ReleaseFailed].some((kind) => error instanceof kind)
