/** Why a question to a source of measurements brought no answer. */
export class MetricsError extends Error {
  override readonly name = 'MetricsError'
  /** `query`: the source answered that the query itself is wrong, asking again cannot help. */
  readonly fault: 'query' | 'unreachable' | 'timeout' | 'refused' | 'answer'

  constructor(message: string, fault: MetricsError['fault'], options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
