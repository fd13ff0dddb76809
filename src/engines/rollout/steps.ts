import { formatDuration } from '../../base/duration.ts'
import type { KubernetesObject } from '../../kubernetes/objects.ts'
import { at, isTrueAt, listAt, textAt, treeAt } from '../../kubernetes/read.ts'
import { isTree } from '../../kubernetes/tree.ts'
import { durationIn } from '../durations.ts'
import { blueGreenOf, stepsOf, strategyOf } from './objects.ts'

/** Milliseconds of a pause; `until-yes` for one without a duration; undefined where it is no pause, or not readable. */
export function pauseOf(step: unknown): number | 'until-yes' | undefined {
  const pause = at(step, 'pause')
  if (!isTree(pause)) return undefined
  if (pause.duration === undefined || pause.duration === null) return 'until-yes'
  return durationIn(pause.duration)
}

/** Names of the templates of an analysis. */
export const templatesOf = (analysis: unknown): readonly string[] =>
  listAt(analysis, 'templates').map((template) => textAt(template, 'templateName'))

/** One step of a canary in words. What nobody knows is told by its name. */
export function describeStep(step: unknown): string {
  const weight = at(step, 'setWeight')
  if (weight !== undefined) return `${textAt(step, 'setWeight')}% of the traffic`
  const pause = at(step, 'pause')
  if (pause !== undefined) return describePause(step)
  if (at(step, 'analysis') !== undefined) return `analyses ${names(templatesOf(at(step, 'analysis')))}`
  if (at(step, 'setCanaryScale') !== undefined) return describeScale(at(step, 'setCanaryScale'))
  if (at(step, 'experiment') !== undefined)
    return `experiment with ${names(listAt(step, 'experiment', 'templates').map((one) => textAt(one, 'name')))}`
  if (at(step, 'setHeaderRoute') !== undefined)
    return `requests by header, route ${textAt(step, 'setHeaderRoute', 'name')}`
  if (at(step, 'setMirrorRoute') !== undefined)
    return `copies of requests, route ${textAt(step, 'setMirrorRoute', 'name')}`
  if (at(step, 'plugin') !== undefined) return `plugin ${textAt(step, 'plugin', 'name')}`
  const [unknown] = Object.keys(isTree(step) ? step : {})
  return unknown === undefined ? 'an empty step' : `${unknown}, which is not known here`
}

const names = (all: readonly string[]): string => all.filter((name) => name !== '').join(', ') || 'nothing'

function describePause(step: unknown): string {
  const pause = pauseOf(step)
  if (pause === 'until-yes') return 'pauses until somebody says yes'
  return pause === undefined ? 'a pause that cannot be read' : `pauses for ${formatDuration(pause)}`
}

function describeScale(scale: unknown): string {
  if (isTrueAt(scale, 'matchTrafficWeight')) return 'as many pods as the traffic needs'
  const replicas = textAt(scale, 'replicas')
  return replicas === '' ? `pods for ${textAt(scale, 'weight')}% of the traffic` : `pods: ${replicas}`
}

/** What the Rollout does with a new version, in order. */
export function describeSteps(object: KubernetesObject): readonly string[] {
  if (strategyOf(object) === 'canary') {
    const background = templatesOf(treeAt(object, 'spec', 'strategy', 'canary', 'analysis'))
    const beside = background.length === 0 ? [] : [`all the time: analyses ${names(background)}`]
    const steps = stepsOf(object).map(describeStep)
    return [...beside, ...(steps.length === 0 ? ['replaces the pods one after the other'] : steps), ALL]
  }
  const strategy = blueGreenOf(object)
  const { autoPromotionEnabled, prePromotionAnalysis, postPromotionAnalysis } = strategy
  const seconds = textAt(strategy, 'autoPromotionSeconds')
  const wait =
    seconds !== '' && seconds !== '0'
      ? [`switches by itself after ${seconds} s`]
      : autoPromotionEnabled === false
        ? ['waits beside the old version until somebody says yes']
        : []
  return [
    'starts the new version beside the old one',
    ...analysis('before the switch', prePromotionAnalysis),
    ...wait,
    ALL,
    ...analysis('after the switch', postPromotionAnalysis)
  ]
}

const ALL = '100% of the traffic'

const analysis = (when: string, found: unknown): readonly string[] =>
  isTree(found) ? [`analyses ${names(templatesOf(found))} ${when}`] : []
