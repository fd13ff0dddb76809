import { need } from '../kubernetes/needs.ts'
import type { Right } from '../kubernetes/rights.ts'

/** What every command reads first. */
export const OBSERVE_NEEDS: readonly Right[] = [
  ...need('', 'services', 'list'),
  ...need('', 'pods', 'list'),
  ...need('apps', 'deployments', 'get'),
  ...need('autoscaling', 'horizontalpodautoscalers', 'list')
]
