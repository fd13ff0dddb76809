import { routeContract } from '../../contract/routes.contract.ts'
import { fixtures } from '../../contract/routes/index.ts'
import { FakeClock } from '../../support/memory/fake-clock.ts'
import { MemoryCluster } from '../../support/memory/memory-cluster.ts'

/** In seconds, and without a cluster: what only the definitions of the kinds refuse is left to a real API server. */
for (const fixture of fixtures) {
  const hopeless = fixture.hopeless.map(({ refused: _, ...one }) => one)
  routeContract({ ...fixture, hopeless }, () =>
    Promise.resolve({
      cluster: new MemoryCluster(new FakeClock({ auto: true })).connect(),
      namespace: 'shop',
      close: () => Promise.resolve()
    })
  )
}
