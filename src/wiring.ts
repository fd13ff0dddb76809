import { systemClock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { openPrometheus } from './checks/prometheus/prometheus.ts'
import type { Invocation } from './commands/invocation.ts'
import type { Ports } from './execute/release-run.ts'
import type { Inputs } from './inputs/inputs.ts'
import { createCluster } from './kubernetes/api/client.ts'
import { connect, type Connection } from './kubernetes/api/connect.ts'
import { maskKubeconfig, maskSecret } from './report/masking.ts'
import { openEntry } from './smoke/entry-http.ts'

export { recoverOwn } from './commands/recover-own.ts'
export { targetOf } from './commands/target.ts'
export { readManifests } from './inputs/manifest-files.ts'
export { run } from './run.ts'

type Opened = Pick<Connection, 'namespace' | 'namespaceFrom' | 'identity'> & { readonly ports: Ports }

/** @param mask hears of each secret before it is used */
export function openPorts(inputs: Inputs, log: Log, mask: (secret: string) => void): Opened {
  const { config, namespace, namespaceFrom, identity } = connect(inputs)
  // It may have come from a file.
  maskKubeconfig(config.exportConfig(), mask)
  const onSecret = (secret: string): void => {
    maskSecret(secret, mask)
  }
  const cluster = createCluster(config, { clock: systemClock, onSecret })
  const entry = inputs.probe === undefined ? {} : { entry: openEntry(inputs.probe) }
  return {
    ports: { cluster, clock: systemClock, log, ...entry },
    namespace,
    ...(namespaceFrom && { namespaceFrom }),
    identity
  }
}

/** Where the measurements come from; undefined where the inputs name no source. */
export function openMetrics({ prometheus, prometheusHeaders }: Inputs, ports: Ports): Invocation['metrics'] {
  return prometheus === undefined
    ? undefined
    : openPrometheus(prometheus, { headers: prometheusHeaders, cluster: ports.cluster })
}
