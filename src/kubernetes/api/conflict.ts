import { ClusterError } from '../../base/errors.ts'

/** A status changes many times a second while pods come and go, and every change refuses a write of before. */
const ATTEMPTS = 20

/** Whether a write was refused because its object has been written, or made, since it was read. */
export const isConflict = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && error.status === 409

/** Whether the API server takes a write for wrong in itself: what came of it would be no object of its kind. */
export const isInvalid = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && error.status === 422

/** Does a write again that was refused for that; each time it has to be made of what is live then. */
export async function untilWritten<T>(write: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      return await write()
    } catch (error) {
      if (!isConflict(error) || left === 0) throw error
    }
  }
}
