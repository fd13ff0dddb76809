import { afterEach, describe, expect, it } from '@jest/globals'
import { ClusterError } from '../../../../src/base/errors.ts'
import { createCluster } from '../../../../src/kubernetes/api/client.ts'
import { quickClock, standIn, type StandIn } from '../../../support/stand-in.ts'

const open: StandIn[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** An API server that answers every wish for a WebSocket with this status. */
async function refusing(status: string) {
  const api = await standIn(() => undefined)
  open.push(api)
  const paths: (string | undefined)[] = []
  api.server.on('upgrade', ({ url }, socket) => {
    paths.push(url)
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`)
  })
  const cluster = createCluster(api.config, { clock: quickClock() })
  return { api, paths, forward: () => cluster.forward({ namespace: 'shop', name: 'web-1', port: 8080 }) }
}

async function failureOf(attempt: Promise<unknown>): Promise<ClusterError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error).toBeInstanceOf(ClusterError)
  return error as ClusterError
}

// A forward that works needs a kubelet behind it: see the contract of the cluster.
describe('a forward that cannot be', () => {
  const start = 'cannot forward to port 8080 of pod/web-1 in namespace shop: Unexpected server response:'
  it.each([
    ['404 Not Found', 404, `${start} 404`],
    [
      '403 Forbidden',
      403,
      `${start} 403. It cannot create pods/portforward in namespace shop: give the ServiceAccount this rule: {apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"]}, or apply examples/kubernetes/role.yaml there; older clusters want the verb get`
    ]
  ])('because of %s', async (answer, status, message) => {
    const { forward, paths } = await refusing(answer)
    const error = await failureOf(forward())
    expect({ message: error.message, status: error.status }).toEqual({ message, status })
    expect(paths).toEqual(['/api/v1/namespaces/shop/pods/web-1/portforward?ports=8080'])
  })

  it('because the credentials have expired, also new ones', async () => {
    const { forward, paths } = await refusing('401 Unauthorized')
    expect((await failureOf(forward())).status).toBe(401)
    expect(paths).toHaveLength(2)
  })

  it('because there is no API server', async () => {
    const { api, forward } = await refusing('404 Not Found')
    await api.close()
    const { message, status } = await failureOf(forward())
    expect(message).toContain('pod/web-1 in namespace shop: connect ECONNREFUSED')
    expect(status).toBe(0)
  })
})
