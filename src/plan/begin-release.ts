import type { Release } from '../domain/record.ts'
import { versionOf, type Observed } from '../observe/observed.ts'

/** Who releases, and from where. */
export interface ReleaseOrigin {
  /** `<run id>-<attempt>` */
  readonly release: string
  /** Name of the holder in the lock: tells two jobs of one run apart. */
  readonly holder: string
  readonly run?: string
  readonly actor?: string
  readonly sha?: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/** What is decided of a release before it begins. */
interface Begun extends Pick<Release, 'command' | 'canary' | 'selectors'> {
  readonly autoscaler?: string | undefined
}

/** The record with which a release begins. */
export function beginRelease(
  { release, holder, run, actor, sha, startedAt }: ReleaseOrigin,
  { stable, record, routes }: Pick<Observed, 'stable' | 'record' | 'routes'>,
  { command, canary, selectors, autoscaler }: Begun
): Release {
  return {
    version: 1,
    id: release,
    holder,
    command,
    ...(run === undefined ? {} : { run }),
    ...(actor === undefined ? {} : { actor }),
    ...(sha === undefined ? {} : { sha }),
    phase: 'running',
    weight: 0,
    ...(routes.length === 0 ? {} : { routes: routes.map(({ name }) => name) }),
    startedAt: new Date(startedAt).toISOString(),
    stable: versionOf(stable.slot, stable.deployment, stable.hash),
    canary,
    ...(record?.previous === undefined ? {} : { previous: record.previous }),
    selectors,
    ...(autoscaler === undefined ? {} : { autoscaler }),
    history: record?.history ?? []
  }
}
