import { ClusterError } from '../base/errors.ts'

/** While pods come and go a status changes many times a second, and a write based on an older version gets a 409 each time. */
const ATTEMPTS = 20

/** Whether a write was refused because its object has been written, or made, since it was read. */
export const isConflict = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && error.status === 409

/** Whether the API server refuses a write as invalid: its result would not be a valid object of its kind. */
export const isInvalid = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && error.status === 422

/** Whether rights, a policy or a webhook say no to a write, and would again. */
export const isRefused = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && [400, 403, 422].includes(error.status)

/** Repeats a write for as long as it meets a conflict; the write must read the live object each time. */
export async function untilWritten<T>(write: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      return await write()
    } catch (error) {
      if (!isConflict(error) || left === 0) throw error
    }
  }
}
