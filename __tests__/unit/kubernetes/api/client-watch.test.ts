import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { Clock } from '../../../../src/base/clock.ts'
import { ClusterError } from '../../../../src/base/errors.ts'
import { createCluster } from '../../../../src/kubernetes/api/client.ts'
import type { KubernetesObject } from '../../../../src/kubernetes/objects.ts'
import { json, quickClock, refuse, standIn, type StandIn } from '../../../support/stand-in.ts'

const services = { apiVersion: 'v1', kind: 'Service', namespace: 'shop' }

const service = (name: string, version: string): KubernetesObject & { readonly spec: object } => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', resourceVersion: version },
  spec: {}
})

function line(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`)
}

const open: StandIn[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

interface Played {
  readonly views: (readonly string[])[]
  readonly requests: readonly URLSearchParams[]
  readonly ended: Promise<void>
  readonly stop: AbortController
}

/**
 * Watches a stand-in whose answers are given one after the other, the last one for ever; `until` says, from what was
 * seen of names and versions, when the watch may stop.
 */
async function play(
  answers: readonly ((response: ServerResponse) => void)[],
  until: (views: readonly (readonly string[])[], requests: number) => boolean,
  options: { readonly clock?: Clock; readonly silence?: number } = {}
): Promise<Played> {
  const stop = new AbortController()
  const views: string[][] = []
  const requests: URLSearchParams[] = []
  const api = await standIn(({ path }, response) => {
    requests.push(new URL(path, 'http://x').searchParams)
    answers[Math.min(requests.length, answers.length) - 1]?.(response)
    if (until(views, requests.length)) stop.abort()
  })
  open.push(api)
  const cluster = createCluster(api.config, { clock: quickClock(), ...options })
  const ended = cluster.watch(
    services,
    (objects) => {
      views.push(objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion ?? ''}`))
      if (until(views, requests.length)) stop.abort()
    },
    stop.signal
  )
  await ended.catch(() => undefined)
  return { views, requests, ended, stop }
}

const listing =
  (version: string, ...items: KubernetesObject[]) =>
  (response: ServerResponse): void => {
    json(response, 200, { metadata: { resourceVersion: version }, items })
  }

describe('watch', () => {
  it('shows everything at the start and after every change', async () => {
    const { views, requests, ended } = await play(
      [
        listing('10', service('a', '1')),
        (response) => {
          line(response, 'ADDED', service('b', '11'))
          line(response, 'MODIFIED', service('a', '12'))
          line(response, 'BOOKMARK', { metadata: { resourceVersion: '13' } })
          line(response, 'DELETED', service('b', '14'))
        }
      ],
      (seen) => seen.length === 4
    )
    expect(views).toEqual([['a@1'], ['a@1', 'b@11'], ['a@12', 'b@11'], ['a@12']])
    expect(Object.fromEntries(requests[1] ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10'
    })
    await expect(ended).resolves.toBeUndefined()
  })

  it('connects again where it is told what no API server tells', async () => {
    const strange = (text: string) => (response: ServerResponse) => {
      response.end(`${text}\n`)
    }
    const { views } = await play(
      [
        listing('1'),
        ...['null', '<html>', '{"type":"ADDED","object":null}', '{"type":"SOLD","object":{}}'].map(strange),
        (response) => {
          line(response, 'ADDED', {
            ...service('a', '2'),
            metadata: { name: 'a', labels: null, resourceVersion: '2' }
          })
        }
      ],
      (seen) => seen.length === 2
    )
    expect(views).toEqual([[], ['a@2']])
  })

  it('reads a change that comes in pieces, also in the middle of a character', async () => {
    const text = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: service('ü', '2') })}\n`)
    const at = text.indexOf(0xc3) + 1
    const { views } = await play(
      [
        listing('1'),
        (response) => {
          response.write(text.subarray(0, at))
          setTimeout(() => response.write(text.subarray(at)), 20)
        }
      ],
      (seen) => seen.length === 2
    )
    expect(views).toEqual([[], ['ü@2']])
  })

  it.each([
    ['ends', (response: ServerResponse) => response.end()],
    ['breaks', (response: ServerResponse) => setImmediate(() => response.socket?.destroy())]
  ])('goes on where it was when the connection %s', async (_, cut) => {
    const { views, requests } = await play(
      [
        listing('10', service('a', '1')),
        (response) => {
          line(response, 'BOOKMARK', { metadata: { resourceVersion: '20' } })
          cut(response)
        },
        (response) => {
          line(response, 'MODIFIED', service('a', '21'))
        }
      ],
      (seen) => seen.length === 2
    )
    expect(views).toEqual([['a@1'], ['a@21']])
    expect(requests.map((parameters) => parameters.get('resourceVersion'))).toEqual([null, '10', '20'])
  })

  it.each([
    [
      'an event',
      (response: ServerResponse) => {
        line(response, 'ERROR', { kind: 'Status', code: 410 })
      }
    ],
    [
      'an answer',
      (response: ServerResponse) => {
        refuse(response, 410, 'too old resource version')
      }
    ]
  ])('lists anew when its version is too old, told by %s', async (_, gone) => {
    const { views, requests } = await play(
      [
        listing('10', service('a', '1')),
        gone,
        listing('90', service('b', '80')),
        (response) => {
          response.write(' ')
        }
      ],
      (__, asked) => asked === 4
    )
    expect(views).toEqual([['a@1'], ['b@80']])
    expect(requests[3]?.get('resourceVersion')).toBe('90')
  })

  it('connects again when it hears nothing for a while', async () => {
    const { requests } = await play(
      [
        listing('10'),
        (response) => {
          response.flushHeaders()
        }
      ],
      (_, asked) => asked === 4,
      { silence: 50 }
    )
    expect(requests).toHaveLength(4)
  })

  it('does not ask in a tight loop when the server hangs up at once', async () => {
    const clock = quickClock()
    await play([listing('10'), (response) => response.end()], (_, asked) => asked === 6, { clock })
    expect(clock.slept.slice(0, 4)).toEqual([500, 500, 500, 500])
  })

  it('survives a cluster that is away for less than a minute', async () => {
    const clock = quickClock()
    const away = (response: ServerResponse): void => {
      refuse(response, 503, 'apiserver is shutting down')
    }
    const { views } = await play(
      [
        listing('10'),
        (response) => response.end(),
        ...Array<typeof away>(60).fill(away),
        (response) => {
          line(response, 'ADDED', service('a', '11'))
        }
      ],
      (seen) => seen.length === 2,
      { clock }
    )
    expect(views).toEqual([[], ['a@11']])
  })

  it('shows new credentials when the old ones are refused in the middle, and waits for them', async () => {
    const unauthorized = (response: ServerResponse): void => {
      refuse(response, 401, 'Unauthorized', 'Unauthorized')
    }
    const { views, requests } = await play(
      [
        listing('10'),
        (response) => response.end(),
        // Each refusal is asked about twice, with new credentials the second time.
        ...Array<typeof unauthorized>(3).fill(unauthorized),
        (response) => {
          line(response, 'ADDED', service('a', '11'))
        }
      ],
      (seen) => seen.length === 2
    )
    expect(views).toEqual([[], ['a@11']])
    expect(requests.slice(1).map((query) => query.get('resourceVersion'))).toEqual(Array(5).fill('10'))
  })

  it('fails at once when the credentials are refused from the start', async () => {
    const { ended, requests } = await play(
      [
        (response) => {
          refuse(response, 401, 'Unauthorized', 'Unauthorized')
        }
      ],
      () => false
    )
    await expect(ended).rejects.toThrow('The credentials are not valid (any more)')
    expect(requests).toHaveLength(2)
  })

  it('gives up on a cluster that is away for longer', async () => {
    const clock = quickClock()
    const before = clock.now()
    const { ended } = await play(
      [
        listing('10'),
        (response) => response.end(),
        (response) => {
          refuse(response, 503, 'shutting down')
        }
      ],
      () => false,
      { clock }
    )
    await expect(ended).rejects.toThrow(
      'lost the connection for 120 s: cannot watch services in namespace shop: shutting down'
    )
    expect(clock.now() - before).toBeGreaterThan(120_000)
  })

  it('fails at once when it is not allowed', async () => {
    const { ended } = await play(
      [
        (response) => {
          refuse(response, 403, 'forbidden')
        }
      ],
      () => false
    )
    await expect(ended).rejects.toThrow(ClusterError)
    await expect(ended).rejects.toThrow('cannot list services in namespace shop: forbidden')
  })

  it('passes on what goes wrong in whoever is called', async () => {
    const api = await standIn((_, response) => {
      listing('1')(response)
    })
    open.push(api)
    const cluster = createCluster(api.config, { clock: quickClock() })
    const watching = cluster.watch(
      services,
      () => {
        throw new TypeError('a bug')
      },
      new AbortController().signal
    )
    await expect(watching).rejects.toThrow('a bug')
  })

  it('leaves no connection behind when it is stopped', async () => {
    const api = await standIn(({ path }, response) => {
      if (path.includes('watch=')) response.flushHeaders()
      else listing('1')(response)
    })
    open.push(api)
    const stop = new AbortController()
    const cluster = createCluster(api.config, { clock: quickClock() })
    const watching = cluster.watch(
      services,
      () =>
        setTimeout(() => {
          stop.abort()
        }, 30),
      stop.signal
    )
    const closed = new Promise<void>((resolve) => {
      api.server.on('connection', (socket) =>
        socket.on('close', () => {
          resolve()
        })
      )
    })
    await watching
    await closed
  })

  it('does nothing when it is stopped before it starts', async () => {
    const { views, ended } = await play([listing('1')], (_, asked) => asked === 1)
    expect(views).toEqual([])
    await expect(ended).resolves.toBeUndefined()
  })
})
