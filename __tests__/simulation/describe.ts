import type { Act, Edit, Fault, Moment, Schedule, World } from './schedule.ts'

/** A schedule as a person reads it, one line for the world, each run and each fault. */
export const describeSchedule = ({ world, acts, ending }: Schedule): readonly string[] => [
  describeWorld(world),
  ...acts.flatMap((act, at) => [
    describeAct(act, at + 1),
    ...act.faults.map((fault) => `   ${inWords(fault)}`)
  ]),
  `in the end: ${ending === 'deploy' ? 'deploy' : `${ending}, deploy`}`
]

const seconds = (ms: number): string => `${ms / 1000} s`

const describeWorld = ({
  start,
  replicas,
  autoscaled,
  routes,
  internal,
  startup,
  lag,
  gatewayLag
}: World): string =>
  [
    start === 'plain' ? `a plain Deployment with ${replicas} pods` : `a slot with ${replicas} pods`,
    ...(autoscaled ? ['an autoscaler'] : []),
    ...(internal ? ['a second Service'] : []),
    routes.length === 0 ? 'the Service alone' : `the HTTPRoutes ${routes.join(' and ')}`,
    `pods ready after ${seconds(startup)}, controller ${lag} ms and gateway ${gatewayLag} ms behind`
  ].join(', ')

function describeAct({ command, inputs, version, fate, after, rival, post }: Act, at: number): string {
  const when = rival ? `${seconds(after)} after the begin of the one before` : `${seconds(after)} later`
  const given = Object.entries(inputs).map(([name, value]) => `${name}: ${value.replaceAll('\n', ', ')}`)
  const what =
    command === 'deploy' ? ` (${version === 'new' ? 'new version' : 'the version before'}, ${fate})` : ''
  return `run ${at}, ${when}: ${command}${what} ${given.join('; ')}${post ? '; with post step' : ''}`
}

const describeMoment = ({ of, nth, side }: Moment): string => `${side} its ${of} ${nth}`

function inWords(fault: Fault): string {
  switch (fault.kind) {
    case 'dies':
      return `dies ${describeMoment(fault.moment)}`
    case 'sleeps':
      return `sleeps for ${seconds(fault.ms)} ${describeMoment(fault.moment)}`
    case 'cancelled':
      return `is cancelled after ${seconds(fault.at)}`
    case 'errors':
      return `${fault.status} to ${fault.percent} % of its calls from ${seconds(fault.at)} on, for ${seconds(fault.ms)}`
    case 'late news':
      return `hears of changes ${seconds(fault.by)} late from ${seconds(fault.at)} on, for ${seconds(fault.ms)}`
    case 'watches end':
      return `its watches end after ${seconds(fault.at)}`
    case 'no api':
      return `after ${seconds(fault.at)} nobody reaches the API server for ${seconds(fault.ms)}`
    case 'edit':
      return `after ${seconds(fault.at)} somebody: ${describeEdit(fault.edit)}`
    case 'pods crash':
      return `after ${seconds(fault.at)} ${fault.count} pods of ${fault.of} crash`
    case 'controller lag':
      return `after ${seconds(fault.at)} the Deployment controller is ${seconds(fault.by)} behind, for ${seconds(fault.ms)}`
  }
}

export function describeEdit(edit: Edit): string {
  if (edit.what === 'label') return `label on every ${edit.kind}`
  if ('on' in edit) return `${edit.what} on every ${edit.on}`
  return edit.what === 'replicas' ? `${edit.count} replicas for ${edit.of}` : edit.what
}
