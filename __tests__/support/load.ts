import { execFileSync, spawn } from 'node:child_process'

/** What the client counted. Times are seconds since its start. */
export interface Counted {
  readonly total: number
  readonly failed: number
  readonly versions: Readonly<Record<string, number>>
  readonly failedByVersion: Readonly<Record<string, number>>
  readonly firstSeen: readonly { readonly at: number; readonly version: string }[]
  readonly lastSeen: readonly { readonly at: number; readonly version: string }[]
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly maxMs: number
  readonly failures: readonly { readonly at: number; readonly why: string; readonly version: string }[]
}

export interface Load {
  /** Ends the load and counts. */
  stop(): Promise<Counted>
}

let client: string | undefined

const LONGEST = 300

/** A constant rate of requests, half on fresh and half on keep-alive connections. */
export async function startLoad(url: string, perSecond: number): Promise<Load> {
  client ??= execFileSync('script/cluster', ['path', 'load'], { encoding: 'utf8' }).trim()
  const child = spawn(client, [url, String(perSecond), String(LONGEST)], {
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
