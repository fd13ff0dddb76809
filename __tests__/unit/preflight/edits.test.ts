import { describe, expect, it } from '@jest/globals'
import { backendsOf, type Release } from '../../../src/domain/record.ts'
import type { KubernetesObject } from '../../../src/kubernetes/objects.ts'
import { membersOf, type ObservedRoute } from '../../../src/observe/observed.ts'
import { ALL_AT_ONCE } from '../../../src/plan/progressive.ts'
import type { Step } from '../../../src/plan/step.ts'
import { editsOf } from '../../../src/preflight/edits.ts'
import { routeFor } from '../../../src/routes/index.ts'
import { autoscaler, NAMESPACE, workload } from '../../scenarios/scene.ts'
import { httpRoute } from '../../support/memory/gateway-controller.ts'
import { observed } from '../plan/observed.ts'

const release = (changes: Partial<Release> = {}): Release =>
  ({
    stable: { slot: 'plain', deployment: 'web' },
    canary: { slot: 'green', deployment: 'web-green' },
    selectors: { before: { app: 'web' }, stable: { app: 'web', v: '1' }, canary: { app: 'web', v: '2' } },
    ...changes
  }) as Release

const edits = (
  steps: readonly Step[],
  record: Release = release(),
  routes: readonly ObservedRoute[] = [],
  others = {}
): string[] =>
  editsOf(
    steps,
    { release: record, routes, steps: ALL_AT_ONCE },
    observed({ autoscaler: autoscaler(), others })
  ).map(({ object, field }) => `${object.kind}/${object.metadata.name} ${field}`)

function route(kind: string, object: KubernetesObject): ObservedRoute {
  const found = routeFor(kind, object)
  if (found === undefined) throw new Error('no such route')
  const backends = backendsOf(release(), NAMESPACE, 'web')
  return membersOf({ name: { kind, name: 'web' }, route: found, object, others: [] }, backends)
}

const ingress = (className: string): KubernetesObject =>
  ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web', namespace: NAMESPACE, annotations: { team: 'a' } },
    spec: {
      ingressClassName: className,
      rules: [
        {
          host: 'shop.example.com',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }
            ]
          }
        }
      ]
    }
  }) as KubernetesObject

const SELECTOR = 'Service/web /spec/selector'

describe('a release writes', () => {
  it.each<[string, string[], string[]]>([
    ['the selector beside it', edits([]), [SELECTOR]],
    ['no selector in place', edits([], release({ strategy: 'rolling' })), []],
    [
      'the size of what served',
      edits([{ kind: 'scale-down', side: 'stable' }]),
      [SELECTOR, 'Deployment/web /spec/replicas']
    ],
    [
      'the size of what an earlier release has left',
      edits([{ kind: 'retire', deployment: 'web-blue' }], release(), [], { blue: workload('web-blue') }),
      [SELECTOR, 'Deployment/web-blue /spec/replicas']
    ],
    [
      'the template of what serves, in place',
      edits([{ kind: 'replace', deployment: workload() }], release({ strategy: 'rolling' })),
      ['Deployment/web /spec/template']
    ],
    [
      'what the autoscaler scales',
      edits([{ kind: 'point-autoscaler', to: 'canary' }]),
      [SELECTOR, 'HorizontalPodAutoscaler/web /spec/scaleTargetRef']
    ],
    [
      'nothing of a slot that it makes',
      edits([{ kind: 'start', deployment: workload('web-green') }]),
      [SELECTOR]
    ],
    [
      'size and template of a slot that exists',
      edits([{ kind: 'start', deployment: workload('web-green') }], release(), [], {
        green: workload('web-green')
      }),
      [SELECTOR, 'Deployment/web-green /spec/replicas', 'Deployment/web-green /spec/template']
    ],
    [
      'the rules of an HTTPRoute, and not what it keeps there for itself',
      edits([], release(), [route('httproute', httpRoute())]),
      [SELECTOR, 'HTTPRoute/web /spec/rules']
    ],
    [
      'an action and the path of an Ingress of AWS',
      edits([], release(), [route('ingress', ingress('alb'))]),
      [
        SELECTOR,
        'Ingress/web /metadata/annotations/alb.ingress.kubernetes.io~1actions.web',
        'Ingress/web /spec/rules'
      ]
    ],
    [
      'nothing of an Ingress of ingress-nginx',
      edits([], release(), [route('ingress', ingress('nginx'))]),
      [SELECTOR]
    ]
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected)
  })
})
