import type { HttpAnswer, HttpRequest } from '../../../src/kubernetes/cluster.ts'

/** Flagger's load tester: what it knows of gates is in its memory, and all gates of a Canary are one. */
export class FlaggerGates {
  /** Every change, as `gate open`. */
  readonly asked: string[] = []
  /** Whether nobody answers behind its Service. */
  isDown = false
  readonly #open = new Set<string>()

  isOpen(kind: string): boolean {
    return !this.isDown && this.#open.has(kind)
  }

  /** As if its pod had been replaced. */
  forget(): void {
    this.#open.clear()
  }

  /** By hand, or through the API server. */
  turn(kind: string, to: string): void {
    this.asked.push(`${kind} ${to}`)
    if (to === 'open') this.#open.add(kind)
    else this.#open.delete(kind)
  }

  answer({ method, path, body = '' }: HttpRequest): HttpAnswer | undefined {
    const [, kind, to] =
      /services\/flagger-loadtester:80\/proxy\/(gate|rollback)\/(open|close)$/.exec(path) ?? []
    if (kind === undefined || to === undefined) return undefined
    if (this.isDown)
      return { status: 503, headers: {}, body: 'no endpoints available for service "flagger-loadtester"' }
    const { name, namespace } = JSON.parse(body) as { readonly name?: string; readonly namespace?: string }
    if (method !== 'POST' || name !== 'web' || namespace !== 'shop')
      return { status: 400, headers: {}, body: '' }
    this.turn(kind, to)
    return { status: 202, headers: {}, body: '' }
  }
}
