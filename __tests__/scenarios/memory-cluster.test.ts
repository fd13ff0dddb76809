import { clusterContract } from '../contract/cluster.contract.ts'
import { FakeClock } from '../support/memory/fake-clock.ts'
import { MemoryCluster } from '../support/memory/memory-cluster.ts'

clusterContract('The in-memory cluster', () => {
  const memory = new MemoryCluster(new FakeClock({ auto: true }))
  return Promise.resolve({
    cluster: memory.connect(),
    namespace: 'shop',
    remove: (ref) => {
      memory.remove(ref)
      return Promise.resolve()
    },
    close: () => Promise.resolve()
  })
})
