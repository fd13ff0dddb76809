import type { Release } from '../domain/record.ts'
import type { Container, Deployment, PodSpec, Service } from '../kubernetes/objects.ts'
import { leadsTo, listeningIn } from '../kubernetes/ports.ts'
import { containersOf } from '../plan/faults.ts'

interface Serving {
  /** Its pods end in the release. */
  readonly stable: Deployment
  /** Its pods end when the release fails. */
  readonly canary: Deployment
  readonly service: Service
  readonly strategy: Release['strategy']
}

/** What a container needs at its end besides the pause of its preStop hook, in seconds; the API server's default. */
const GRACE = 30

/**
 * Requests that would be lost because of how the pods start and stop. Pods that have lost their traffic end after a
 * drain, so only pods that are replaced in place, while they have users, need a pause of their own.
 */
export function connectionWarnings({ stable, canary, service, strategy }: Serving): string[] {
  const ends = [stable, canary].flatMap((deployment) => graceProblem(deployment, service))
  const pauses =
    strategy === 'rolling' ? [stable, canary].flatMap((deployment) => pauseProblem(deployment, service)) : []
  return [
    ...unservedPorts(service, [stable, canary]),
    ...byDeployment([...readinessProblem(canary, service), ...ends, ...pauses])
  ]
}

/** Ports of the Service that neither version listens on: they serve nobody now, so a release takes nothing away. */
const unservedPorts = ({ metadata, spec }: Service, versions: readonly Deployment[]): string[] =>
  (spec.ports ?? [])
    .filter((port) => versions.every((version) => !leadsTo(port, version)))
    .map(
      ({ port, targetPort = '', protocol = 'TCP' }) =>
        `service/${metadata.name}: port ${port} leads to the port named ${targetPort}${protocol === 'TCP' ? '' : ` (${protocol})`}, which neither version has: nobody is served through it`
    )

interface Problem {
  readonly deployment: string
  readonly text: string
}

/** What is the same for both versions is said once. */
function byDeployment(problems: readonly Problem[]): string[] {
  const texts = [...new Set(problems.map(({ text }) => text))]
  return texts.map((text) => {
    const names = problems.filter((one) => one.text === text).map(({ deployment }) => deployment)
    return `${[...new Set(names)].map((name) => `deployment/${name}`).join(' and ')}: ${text}`
  })
}

/** The containers that the Service's traffic goes to; all of them where none says so. */
function servingContainers(deployment: Deployment, { spec }: Service): readonly Container[] {
  const targets = (spec.ports ?? []).map(({ targetPort, port }) => targetPort ?? port)
  const containers = containersOf(deployment)
  const serving = listeningIn(deployment.spec.template.spec).filter(({ ports = [] }) =>
    ports.some(({ name, containerPort }) => targets.includes(containerPort) || targets.includes(name ?? ''))
  )
  return serving.length > 0 ? serving : containers
}

function readinessProblem(deployment: Deployment, service: Service): Problem[] {
  const { readinessGates = [] } = podOf(deployment)
  const serving = servingContainers(deployment, service)
  const tells = ({ readinessProbe, startupProbe }: Container): boolean =>
    (readinessProbe ?? startupProbe) !== undefined
  const [first] = serving
  if (first === undefined || serving.some(tells) || readinessGates.length > 0) return []
  const text = `container ${first.name} has no readinessProbe: its pods count as ready as soon as they run, so that users may come before anything listens; add for example readinessProbe: {httpGet: {path: /health, port: ${first.ports?.[0]?.name ?? first.ports?.[0]?.containerPort ?? 8080}}}`
  return [{ deployment: deployment.metadata.name, text }]
}

function graceProblem(deployment: Deployment, service: Service): Problem[] {
  const { terminationGracePeriodSeconds: grace = GRACE } = podOf(deployment)
  const pause = Math.max(0, ...servingContainers(deployment, service).map(pauseOf))
  const tell = (text: string): Problem[] => [{ deployment: deployment.metadata.name, text }]
  if (grace <= 1)
    return tell(
      `terminationGracePeriodSeconds: ${grace} kills its pods in the middle of requests on connections that are kept open; set terminationGracePeriodSeconds: ${GRACE}, or what the longest request takes`
    )
  if (pause < grace) return []
  return tell(
    `its preStop hook sleeps ${pause} s of terminationGracePeriodSeconds: ${grace}, so that its pods are killed before they can end their requests; set terminationGracePeriodSeconds: ${pause + GRACE}`
  )
}

/** Seconds that its preStop hook is known to take. */
function pauseOf({ lifecycle }: Container): number {
  const { sleep, exec } = lifecycle?.preStop ?? {}
  const [command] = /\bsleep (\d+)/.exec(exec?.command?.join(' ') ?? '')?.slice(1) ?? []
  return sleep?.seconds ?? Number(command ?? 0)
}

function pauseProblem(deployment: Deployment, service: Service): Problem[] {
  const unpaused = servingContainers(deployment, service).find(
    ({ lifecycle }) => lifecycle?.preStop === undefined
  )
  if (unpaused === undefined) return []
  const text = `container ${unpaused.name} has no preStop hook: in place its pods end while proxies still send them requests, which fail unless it goes on answering for some seconds after SIGTERM; add lifecycle: {preStop: {sleep: {seconds: 10}}}`
  return [{ deployment: deployment.metadata.name, text }]
}

/** A manifest without it is reported elsewhere. */
const podOf = ({ spec }: Deployment): Partial<PodSpec> => spec.template.spec
