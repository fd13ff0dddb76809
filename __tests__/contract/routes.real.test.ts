import { jest } from '@jest/globals'
import { admin, deleteNamespace } from '../support/cluster/real-cluster.ts'
import { routeContract, type RouteScene } from './routes.contract.ts'
import { fixtures } from './routes/index.ts'

jest.setTimeout(60_000)

let count = 0

async function start(): Promise<RouteScene> {
  count += 1
  const namespace = `routes-${Date.now().toString(36)}-${process.pid}-${count}`
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  return { cluster: admin, namespace, close: () => deleteNamespace(namespace) }
}

for (const fixture of fixtures) routeContract(fixture, start)
