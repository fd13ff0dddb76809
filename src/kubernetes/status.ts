/** The body of the API server's own refusals. */
interface Status {
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: { readonly name?: string }
}

/** The Status in which the API server says why it refuses; undefined for any other text, e.g. a pod's answer. */
export function statusIn(body: string): Status | undefined {
  if (!body.startsWith('{')) return undefined
  try {
    const parsed = JSON.parse(body) as Status & { kind?: unknown; apiVersion?: unknown }
    return parsed.kind === 'Status' && parsed.apiVersion === 'v1' ? parsed : undefined
  } catch {
    return undefined
  }
}
