import type { Series } from './metrics.ts'

export const STATUS_LABELS = [
  'code',
  'status',
  'status_code',
  'http_response_status_code',
  'http_status_code',
  'outcome'
]

/** For messages. */
export const SEARCHED_STATUS_LABELS = STATUS_LABELS.join(', ')

/** How Micrometer sorts statuses, where a label holds that instead. */
const OUTCOMES = ['INFORMATIONAL', 'SUCCESS', 'REDIRECTION', 'CLIENT_ERROR', 'SERVER_ERROR']

/** The request was answered by a failure of the server: `503`, or `5xx` where a client counts by class. */
export const isServerError = (status: string): boolean =>
  /^5(\d\d|xx)$/i.test(status) || status === 'SERVER_ERROR'

const isStatus = (value: string): boolean => /^[1-5](\d\d|xx)$/i.test(value) || OUTCOMES.includes(value)

/**
 * The label that holds the HTTP status, preferably one with no other values, as gRPC codes are. Series whose value is no
 * status (`UNKNOWN`, `0`: the client left before there was an answer) do not count as failures of the server.
 */
export function statusLabelOf(series: readonly Series[]): string | undefined {
  const valuesOf = (label: string) =>
    series.flatMap(({ labels }) => labels[label] ?? []).filter((value) => value !== '')
  const holding = STATUS_LABELS.filter((label) => valuesOf(label).some(isStatus))
  return holding.find((label) => valuesOf(label).every(isStatus)) ?? holding[0]
}
