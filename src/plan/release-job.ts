import { SLOT_LABEL } from '../domain/slots.ts'
import { ARGO_LABEL, copiedMetadata, LAST_APPLIED } from '../kubernetes/gitops.ts'
import { JOB_NAME_LABEL, type Job } from '../kubernetes/job.ts'
import type { PodSpec, PodTemplate } from '../kubernetes/objects.ts'
import { OURS } from '../kubernetes/ours.ts'
import { printSelector, selects, templateLabels, withoutKeys, type Labels } from '../kubernetes/selectors.ts'
import { HASH_LABEL } from '../kubernetes/workload.ts'
import type { Observed } from '../observe/observed.ts'
import { fitting, hashOf, LONGEST_LABEL, WORKLOAD_LABEL } from './config-copy.ts'

/** The name that the Job has in the manifests, the same in every release. */
const JOB_LABEL = 'greenlight.dev/job'
/** Hash of what the Job does: tells whether a Job of this name is the same one. */
const CONTENT = 'greenlight.dev/content'

/** Seconds that a Job stays for people to read after it has ended, and those that a run needs at least to see its end. */
const KEPT = 86_400
const LEAST_KEPT = 300

/** What the controller of Jobs sets by itself; found in Jobs that were exported. */
const OF_THE_CONTROLLER = [
  JOB_NAME_LABEL,
  'batch.kubernetes.io/job-name',
  'controller-uid',
  'batch.kubernetes.io/controller-uid'
]

/** Whose Job it is. */
type Owner = Pick<Observed, 'namespace' | 'workload' | 'service' | 'companions' | 'neighbours'>

/**
 * A Job of the manifests as one release runs it. A Job runs once, so each release has its own, under its name: whoever takes a step of the release
 * up again finds what is there already.
 * @param name that the manifests have for it
 */
export function releaseJob(name: string, job: Job, owner: Owner, release: string): Job {
  const { apiVersion, kind } = job
  const { labels, annotations } = copiedMetadata(job)
  const spec = specOf(job, owner)
  return {
    apiVersion,
    kind,
    metadata: {
      name: jobNameFor(name, release),
      namespace: owner.namespace,
      labels: {
        ...withoutKeys(labels, ARGO_LABEL, ...OF_THE_CONTROLLER),
        ...jobLabels(name, owner.workload)
      },
      annotations: { ...withoutKeys(annotations, LAST_APPLIED), [CONTENT]: hashOf(spec) }
    },
    spec
  }
}

/** The labels of pods hold the name of their Job. */
function jobNameFor(name: string, release: string): string {
  const end = `-${release.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`
  return `${fitting(name, LONGEST_LABEL - end.length)}${end}`
}

const jobLabels = (name: string, workload: string): Labels => ({
  ...OURS,
  [WORKLOAD_LABEL]: fitting(workload, LONGEST_LABEL),
  [JOB_LABEL]: fitting(name, LONGEST_LABEL)
})

/** Selects what all releases have made for the workload of this Job: its Jobs are among that. */
export const besideJob = ({ metadata: { labels = {} } }: Job): string =>
  printSelector(
    Object.fromEntries(Object.entries(labels).filter(([key]) => key in OURS || key === WORKLOAD_LABEL))
  )

/** Whether a release has made it of a Job of the manifests. */
export const isOfRelease = ({ metadata: { labels = {} } }: Job): boolean => labels[JOB_LABEL] !== undefined

export const isSameJob = (one: Job, other: Job): boolean =>
  one.metadata.annotations?.[CONTENT] === other.metadata.annotations?.[CONTENT]

function specOf({ spec }: Job, owner: Owner): Job['spec'] {
  const { ttlSecondsAfterFinished: ttl = KEPT, template, ...rest } = spec
  return {
    ...withoutKeys(rest as Labels, 'selector', 'manualSelector'),
    ttlSecondsAfterFinished: Math.max(ttl, LEAST_KEPT),
    template: withoutUsers(bare(template), owner)
  }
}

function bare({ metadata, ...template }: PodTemplate): PodTemplate {
  if (metadata === undefined) return template
  return {
    ...template,
    metadata: { ...metadata, labels: withoutKeys(metadata.labels ?? {}, ...OF_THE_CONTROLLER) }
  }
}

/** Never met: it keeps a pod from being ready, which changes nothing for its Job. */
const NO_USERS = 'greenlight.dev/no-users'

/** Whether no Service sends users to pods like this, whatever labels they have. */
export const hasNoUsers = ({ readinessGates = [] }: PodSpec): boolean =>
  readinessGates.some(({ conditionType }) => conditionType === NO_USERS)

/** Charts often give the pods of a Job the labels of the workload, and then its Service would send users to these. */
function withoutUsers(template: PodTemplate, { service, companions, neighbours }: Owner): PodTemplate {
  const labels = templateLabels(template)
  const ways = [service, ...companions, ...neighbours.map((neighbour) => neighbour.service)]
  const isReached = ways.some(({ spec }) =>
    selects(withoutKeys(spec.selector ?? {}, HASH_LABEL, SLOT_LABEL), labels)
  )
  if (!isReached) return template
  const { readinessGates = [] } = template.spec
  const gated = { ...template.spec, readinessGates: [...readinessGates, { conditionType: NO_USERS }] }
  return { ...template, spec: gated }
}
