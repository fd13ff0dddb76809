import { createCluster } from './src/kubernetes/client.ts'
import { systemClock } from './src/clock.ts'
import { KubeConfig } from '@kubernetes/client-node'
for (const server of ['http://localhost:1', 'https://no.such.host.example']) {
const c = new KubeConfig(); c.loadFromClusterAndUser({ name: 'a', server, skipTLSVerify: false }, { name: 'u', token: 's3cret' })
await createCluster(c, { clock: systemClock }).create({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'a', name: 'b' } }).catch(e => console.log(e.message))
}
