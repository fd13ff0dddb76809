import { systemClock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { openPrometheus } from './checks/prometheus/prometheus.ts'
import { createSampler } from './checks/prometheus/sampler.ts'
import type { CreateSampler } from './checks/sampler.ts'
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

/** What takes measurements, from the one source that the inputs name; undefined where they name none. */
export function openSamplers(
  { prometheus, prometheusHeaders: headers }: Inputs,
  { cluster, clock }: Ports
): CreateSampler | undefined {
  if (prometheus === undefined) return undefined
  const metrics = openPrometheus(prometheus, { headers, cluster })
  return (checks, source) => createSampler(metrics, clock, checks, source)
}
