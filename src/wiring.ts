import { systemClock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import { amazonSecrets, amazonSigner } from './checks/prometheus/amazon.ts'
import { openPrometheus } from './checks/prometheus/prometheus.ts'
import { exchange } from './checks/exchange.ts'
import { openSampler } from './checks/open-sampler.ts'
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

/**
 * What takes measurements, from the sources that the checks ask.
 * @param mask hears of each secret before it is used
 */
export function openSamplers(
  inputs: Inputs,
  { cluster, clock }: Ports,
  mask: (secret: string) => void
): CreateSampler {
  const { prometheus, prometheusHeaders: headers } = inputs
  const region = prometheus?.kind === 'url' ? prometheus.region : undefined
  for (const secret of region === undefined ? [] : amazonSecrets(process.env)) maskSecret(secret, mask)
  const sign = region === undefined ? undefined : amazonSigner(region, process.env, () => clock.now())
  const metrics = prometheus && openPrometheus(prometheus, { headers, cluster, sign })
  return (checks, source) => openSampler({ ...inputs, metrics, exchange }, clock, checks, source)
}
