import { execFileSync, spawn } from 'node:child_process'

type ByVersion = Readonly<Record<string, number>>

/** What the client counted. Times are seconds since its start. */
export interface Counted {
  readonly total: number
  readonly failed: number
  readonly versions: ByVersion
  readonly failedByVersion: ByVersion
  readonly firstSeen: readonly { readonly at: number; readonly version: string }[]
  readonly lastSeen: readonly { readonly at: number; readonly version: string }[]
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly firstFailureAt: number | null
  readonly lastFailureAt: number | null
  readonly maxMs: number
  readonly failures: readonly { readonly at: number; readonly why: string; readonly version: string }[]
  /** Answers to the requests of each second since the start, by the kind of connection. */
  readonly seconds: readonly { readonly fresh: ByVersion; readonly kept: ByVersion }[]
}

export interface Load {
  /** Ends the load and counts. */
  stop(): Promise<Counted>
}

let client: string | undefined

const LONGEST = 1_200

/** A constant rate of requests, half on fresh and half on keep-alive connections. The header Host names another host. */
export async function startLoad(
  url: string,
  perSecond: number,
  headers: Readonly<Record<string, string>> = {}
): Promise<Load> {
  client ??= execFileSync('script/cluster', ['path', 'load'], { encoding: 'utf8' }).trim()
  const options = Object.entries(headers).flatMap(([name, value]) => ['-header', `${name}: ${value}`])
  const child = spawn(client, [...options, url, String(perSecond), String(LONGEST)], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<void>((resolve) =>
    child.on('close', () => {
      resolve()
    })
  )
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('"ready"')) resolve()
    })
    child.on('close', () => {
      reject(new Error(`the load client ended early: ${output}`))
    })
  })
  return {
    async stop() {
      child.kill('SIGTERM')
      await ended
      return JSON.parse(output) as Counted
    }
  }
}

/** A version's share of the answers to the requests that were sent in whole seconds since the start, up to one. */
export function share({ seconds }: Counted, version: string, from = 0, to = Infinity): number {
  const counts = seconds.slice(from, to).flatMap(({ fresh, kept }) => [fresh, kept])
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
  return (
    sum(counts.map((count) => count[version] ?? 0)) / sum(counts.flatMap((count) => Object.values(count)))
  )
}
