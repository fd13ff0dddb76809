import { isAxiosError } from 'axios'

/**
 * The error of the connection itself. The one that axios wraps it in carries the whole request along, and with it
 * the token, to wherever the error is printed.
 */
export function plainError(error: unknown): unknown {
  if (!isAxiosError(error)) return error
  const { cause, code, message } = error
  // A name with several addresses: each has failed on its own, and all of them together have no message.
  if (cause instanceof AggregateError) return (cause.errors as unknown[])[0]
  if (cause instanceof Error) return cause
  if (message === 'stream has been aborted')
    return withCode('the connection broke before the answer was whole', 'ECONNRESET')
  const limit = /maxContentLength size of (\d+)/.exec(message)?.[1]
  return limit === undefined
    ? withCode(message, code)
    : withCode(`the answer is larger than ${Math.round(Number(limit) / 1024 ** 2)} MB`, code)
}

const withCode = (message: string, code: string | undefined): Error =>
  Object.assign(new Error(message), { code })
