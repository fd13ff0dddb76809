import { expect, it } from '@jest/globals'
import type { Deployment } from '../../../src/kubernetes/objects.ts'
import { isScrapedAlike } from '../../../src/plan/scraping.ts'
import { workload } from '../../scenarios/scene.ts'

function changed(change: (template: Deployment['spec']['template']) => object): Deployment {
  const { spec, ...rest } = workload()
  return {
    ...rest,
    spec: { ...spec, template: { ...spec.template, ...change(spec.template) } }
  }
}

it.each<[string, Deployment, boolean]>([
  ['the same template', workload(), true],
  [
    'other values of labels, and the label of a slot',
    changed(({ metadata }) => ({
      metadata: { labels: { ...metadata?.labels, app: 'shop', 'greenlight.dev/slot': 'green' } }
    })),
    true
  ],
  [
    'an annotation for something else',
    changed(() => ({ metadata: { ...workload().spec.template.metadata, annotations: { note: 'x' } } })),
    true
  ],
  [
    'an annotation for Prometheus',
    changed(({ metadata }) => ({
      metadata: { ...metadata, annotations: { 'prometheus.io/scrape': 'true' } }
    })),
    false
  ],
  [
    'a label that a PodMonitor may select',
    changed(({ metadata }) => ({ metadata: { labels: { ...metadata?.labels, monitored: 'yes' } } })),
    false
  ],
  [
    'a port for metrics',
    changed(({ spec }) => ({
      spec: {
        ...spec,
        containers: spec.containers.map((one) => ({
          ...one,
          ports: [...(one.ports ?? []), { name: 'metrics', containerPort: 9090 }]
        }))
      }
    })),
    false
  ],
  [
    'an exporter beside it',
    changed(({ spec }) => ({ spec: { ...spec, containers: [...spec.containers, { name: 'exporter' }] } })),
    false
  ]
])('is scraped as before, or not: %s', (_what, other, alike) => {
  expect(isScrapedAlike(workload().spec.template, other.spec.template)).toBe(alike)
})
