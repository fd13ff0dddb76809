import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, listening } from './ports.ts'
import { getPods } from './workload.ts'

/** What a pod would report: the labels of a counter and how much it grows in a second. */
export type Reported = Readonly<Record<string, readonly (readonly [labels: string, perSecond: number])[]>>

/** A Prometheus of the test's own, which has of each pod what the test says. */
export interface OwnPrometheus {
  readonly url: string
  /** Ends it as a crash does, and starts it again with what it had stored. @param seconds that it is away */
  restart(seconds: number): Promise<void>
  stop(): Promise<void>
}

/** Plays the exporters of all pods of `app: web`; each begins at 0 when it is seen first. */
function exporter(namespace: string, reported: Reported) {
  const born = new Map<string, number>()
  const page = async (): Promise<string> => {
    const pods = await getPods(namespace, 'app=web')
    const lines = pods.flatMap(({ metadata: { name } }) => {
      const since = born.get(name) ?? Date.now()
      born.set(name, since)
      const age = (Date.now() - since) / 1000
      return Object.entries(reported).flatMap(([metric, series]) =>
        series.map(([labels, perSecond]) => {
          const all = [`namespace="${namespace}"`, `pod="${name}"`, ...(labels === '' ? [] : [labels])]
          return `${metric}{${all.join(',')}} ${Math.floor(age * perSecond)}`
        })
      )
    })
    return `${lines.sort().join('\n')}\n`
  }
  return createServer((_, response) => {
    page().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain' }).end(text),
      () => response.writeHead(500).end()
    )
  })
}

/** Starts one that scrapes every second, and waits until it has two samples of the pods that there are: a rate takes two. */
export async function startPrometheus(namespace: string, reported: Reported): Promise<OwnPrometheus> {
  const server = exporter(namespace, reported)
  const target = await listening(server)
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'))
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: pods, honor_labels: true, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }
`
  )
  const binary = execFileSync('script/cluster', ['path', 'prometheus'], { encoding: 'utf8' }).trim()
  const start = () =>
    spawn(
      binary,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'store')}`,
        `--web.listen-address=127.0.0.1:${port}`
      ],
      { stdio: 'ignore' }
    )
  let child = start()
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    child.kill(signal)
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve))
  }
  const url = `http://127.0.0.1:${port}`
  await untilScraped(url, Object.keys(reported)[0] ?? 'up')
  return {
    url,
    async restart(seconds) {
      await end('SIGKILL')
      await sleep(seconds * 1000)
      child = start()
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

async function untilScraped(url: string, metric: string): Promise<void> {
  for (let left = 300; left > 0; left -= 1) {
    const answer = await fetch(
      `${url}/api/v1/query?query=${encodeURIComponent(`count(rate(${metric}[10s]))`)}`
    ).then(
      (reply) => reply.text(),
      () => ''
    )
    if (answer.includes('"value"')) return
    await sleep(100)
  }
  throw new Error(`${url} has not scraped ${metric} within 30 s`)
}
