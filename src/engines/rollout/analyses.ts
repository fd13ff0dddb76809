import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { listAt, textAt } from '../../kubernetes/read.ts'
import type { Analysis, Seen } from '../engine.ts'
import { ANALYSIS_RUN, HASH_LABEL } from './objects.ts'

/** Labels of an AnalysisRun: what asked for it, and in which step. */
const TYPE = 'rollout-type'
const STEP = 'step-index'

const WHEN: Readonly<Record<string, string>> = {
  Background: 'all the time',
  PrePromotion: 'before the switch',
  PostPromotion: 'after the switch'
}

/** The AnalysisRuns of a version. */
export const analysesOf = ({ made = [] }: Seen, hash: string): readonly Analysis[] =>
  made
    .filter(({ kind, metadata }) => kind === ANALYSIS_RUN.kind && metadata.labels?.[HASH_LABEL] === hash)
    .sort((one, other) => begin(one).localeCompare(begin(other)))
    .map(analysisIn)

const begin = ({ metadata }: KubernetesObject): string => metadata.creationTimestamp ?? ''

function analysisIn(run: KubernetesObject): Analysis {
  const { name, labels = {} } = run.metadata
  const { [TYPE]: type = '', [STEP]: step = '' } = labels
  return {
    name,
    when: /^\d+$/.test(step) ? `in step ${Number(step) + 1}` : (WHEN[type] ?? type),
    phase: textAt(run, 'status', 'phase') || 'Pending',
    message: textAt(run, 'status', 'message'),
    metrics: listAt(run, 'status', 'metricResults').map((metric) => ({
      name: textAt(metric, 'name'),
      phase: textAt(metric, 'phase'),
      message: textAt(metric, 'message'),
      measurements: listAt(metric, 'measurements').map((one) => ({
        value: textAt(one, 'value'),
        phase: textAt(one, 'phase')
      }))
    }))
  }
}
