import { SLOT_LABEL } from '../domain/slots.ts'
import type { PodTemplate } from '../kubernetes/objects.ts'
import { listeningIn } from '../kubernetes/ports.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'

/** The parts of a template by which Prometheus finds pods: annotations, labels, containers and their ports. */
function targetOf(template: PodTemplate): string {
  const { labels = {}, annotations = {} } = template.metadata ?? {}
  const scraping = Object.entries(annotations).filter(([key]) =>
    /prometheus|scrape|metric|monitor|telemetry/i.test(key)
  )
  return JSON.stringify({
    annotations: scraping.sort(),
    labels: Object.keys(labels)
      .filter((key) => key !== SLOT_LABEL && key !== HASH_LABEL)
      .sort(),
    containers: listeningIn(template.spec).map(({ name, ports = [] }) => [
      name,
      ports.map((port) => [port.name, port.containerPort])
    ])
  })
}

/** Whether Prometheus finds the pods of both templates, or of neither. */
export const isScrapedAlike = (one: PodTemplate, other: PodTemplate): boolean =>
  targetOf(one) === targetOf(other)
