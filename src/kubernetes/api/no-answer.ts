import { cut } from '../../base/cut.ts'
import { ClusterError, messageOf } from '../../base/errors.ts'
import { Overdue } from '../../base/within.ts'
import { NoCredentials } from './exec-plugin.ts'

/** There was no connection, or it broke. */
const BROKEN = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED'
]

/** The server has refused the client certificate, or its absence, during the TLS handshake: the request was not sent. */
const REFUSED_CERTIFICATE =
  /ALERT_(BAD_CERTIFICATE|CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/

/** The same alerts by their numbers. */
const ALERTS = /SSL alert number (4[1-689]|116)\b/

export const refusesCertificate = (error: unknown): boolean =>
  REFUSED_CERTIFICATE.test(codeOf(error)) || (codeOf(error) === 'EPROTO' && ALERTS.test(messageOf(error)))

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/

/** The deepest cause that has a code: libraries wrap the error of the socket, sometimes several times. */
function rootOf(error: unknown): NodeJS.ErrnoException {
  const { cause } = error as { readonly cause?: unknown }
  const inner = typeof cause === 'object' && cause !== null ? rootOf(cause) : undefined
  return inner?.code === undefined ? (error as NodeJS.ErrnoException) : inner
}

const codeOf = (error: unknown): string => rootOf(error).code ?? ''

/** Whether the next attempt may go better. */
export const mayHeal = (error: unknown): boolean => BROKEN.includes(codeOf(error))

/** An error that says that no answer came, how long was waited for it, and what to check. */
export function noAnswer(server: string, cause: unknown, milliseconds: number): ClusterError {
  const { syscall = '', path = '' } = rootOf(cause)
  const code = codeOf(cause)
  const text = cut(messageOf(cause).trim(), 500)
  const tried = `after ${(milliseconds / 1000).toFixed(1)} s`
  if (code === 'ENOENT' && syscall.startsWith('spawn')) {
    const plugin = syscall.replace('spawn ', '')
    return unreachable(
      `the kubeconfig gets its credentials from \`${plugin}\`, which is not installed here`,
      cause
    )
  }
  if (path !== '' && syscall === 'open') {
    return unreachable(`the kubeconfig needs the file ${path}, which cannot be read (${code})`, cause)
  }
  if (cause instanceof NoCredentials) {
    return unreachable(`the kubeconfig's credentials cannot be had: ${text}`, cause)
  }
  if (cause instanceof Overdue) {
    const why = 'A private endpoint, a firewall or a proxy may keep this machine out.'
    return unreachable(`${server} gave no answer ${tried}. ${why}`, cause)
  }
  if (refusesCertificate(cause)) {
    const why = 'Has it expired, and is it of this cluster?'
    return unreachable(`${server} refuses the client certificate: ${text}. ${why}`, cause)
  }
  if (UNTRUSTED.test(code)) {
    const why = 'Does the kubeconfig belong to this cluster, with its certificate-authority-data?'
    return unreachable(`${server} is not trusted: ${text}. ${why}`, cause)
  }
  return unreachable(`${server} cannot be reached, given up ${tried}: ${text}. ${hintFor(code)}`, cause)
}

const unreachable = (message: string, cause: unknown): ClusterError => new ClusterError(message, 0, { cause })

function hintFor(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'Nothing listens there: is the cluster running, and is this its address?'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'Its name is not known here: does the cluster still exist, is its endpoint private?'
    default:
      return 'Is the cluster running, and may this machine reach it?'
  }
}
