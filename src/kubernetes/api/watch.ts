import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../../base/clock.ts'
import { ClusterError, messageOf } from '../../base/errors.ts'
import type { KubernetesObject } from '../objects.ts'
import { isTree, type Tree } from '../tree.ts'
import { LONGEST_OUTAGE } from '../outage.ts'

/** Objects as of one moment. */
export interface Listed<T> {
  readonly items: readonly T[]
  readonly version: string
}

/** The two questions that a watch asks, again and again. */
export interface Watched<T> {
  list(): Promise<Listed<T>>
  /** Changes after a version, as the API server streams them. @throws ClusterError */
  changesSince(version: string): Promise<Readable>
  /** @throws ClusterError for what is no such object */
  readonly read: (object: unknown) => T
}

export interface WatchOptions {
  readonly clock: Clock
  /** Milliseconds of silence after which a connection is taken for dead and opened again. */
  readonly silence: number
  /** The one object that is watched, as it was last read. */
  readonly known?: KubernetesObject | undefined
}

type Change<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly version: string | undefined }

const PAUSE = 500

/**
 * Calls back with all objects at the start and after every change, until the signal is aborted.
 * A broken connection is taken up again where it broke.
 *
 * Not the library's informer: it loses errors of the callback, says nothing of what the API server answered,
 * waits up to 30 s before it connects again, and stopped while it connects it leaves that connection open.
 * @throws ClusterError when the first question is refused, or nothing has been heard for the longest outage
 */
export async function watchObjects<T extends KubernetesObject>(
  watched: Watched<T>,
  onChange: (objects: readonly T[]) => void,
  { clock, silence, known }: WatchOptions,
  signal: AbortSignal
): Promise<void> {
  let view = known === undefined ? undefined : createView(knownAs(known as T))
  let connected = false
  let lastContact = clock.now()
  const follow = async (stream: Readable, current: View<T>): Promise<void> => {
    for await (const line of linesOf(stream, silence, signal)) {
      if (current.take(changeIn(line, watched.read))) onChange(current.objects())
    }
  }
  if (view !== undefined) onChange(view.objects())
  while (!isAborted(signal)) {
    const began = clock.now()
    try {
      if (view === undefined) {
        view = createView(await watched.list())
        onChange(view.objects())
      }
      const stream = await watched.changesSince(view.version())
      connected = true
      await follow(stream, view).finally(() => (lastContact = clock.now()))
    } catch (error) {
      if (isAborted(signal)) return
      if (!(error instanceof ClusterError)) throw error
      if (error.status === 410) view = undefined
      else if (!connected && isRefusal(error)) throw error
      else if (clock.now() - lastContact > LONGEST_OUTAGE) throw lost(error)
    }
    // A server that hangs up at once must not be asked in a tight loop.
    if (clock.now() - began < PAUSE) await clock.sleep(PAUSE, signal).catch(() => undefined)
  }
}

/** A function, because the compiler takes `aborted` for a value that does not change while we wait. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted

const isRefusal = ({ status }: ClusterError): boolean => status >= 400 && status < 500 && status !== 429

const lost = (error: ClusterError): ClusterError =>
  new ClusterError(`lost the connection for ${LONGEST_OUTAGE / 1000} s: ${error.message}`, error.status, {
    cause: error
  })

const knownAs = <T extends KubernetesObject>(object: T): Listed<T> => ({
  items: [object],
  version: object.metadata.resourceVersion ?? ''
})

interface View<T> {
  objects(): readonly T[]
  version(): string
  /** Whether the change makes a difference to the objects. */
  take(change: Change<T>): boolean
}

function createView<T extends KubernetesObject>(start: Listed<T>): View<T> {
  const keyOf = ({ metadata }: T): string => `${metadata.namespace ?? ''}/${metadata.name}`
  const objects = new Map(start.items.map((object) => [keyOf(object), object]))
  let version = start.version
  return {
    objects: () => [...objects.values()],
    version: () => version,
    take(change) {
      if (change.type === 'BOOKMARK') {
        version = change.version ?? version
        return false
      }
      const { type, object } = change
      version = object.metadata.resourceVersion ?? version
      if (type === 'DELETED') objects.delete(keyOf(object))
      else objects.set(keyOf(object), object)
      return true
    }
  }
}

/** @throws ClusterError for what is no change, or when the API server says that it has failed */
function changeIn<T>(line: string, read: Watched<T>['read']): Change<T> {
  const { type, object } = parsed(line)
  if (type === 'ERROR') {
    const { message, code } = (isTree(object) ? object : {}) as { message?: unknown; code?: unknown }
    throw new ClusterError(
      typeof message === 'string' ? message : 'the watch failed',
      typeof code === 'number' ? code : 500
    )
  }
  if (type === 'BOOKMARK') {
    const { metadata } = isTree(object) ? object : {}
    const { resourceVersion } = isTree(metadata) ? metadata : {}
    return { type, version: typeof resourceVersion === 'string' ? resourceVersion : undefined }
  }
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object: read(object) }
  throw noChange()
}

function parsed(line: string): Tree {
  try {
    const change: unknown = JSON.parse(line)
    if (isTree(change)) return change
  } catch {
    // Said below.
  }
  throw noChange()
}

const noChange = (): ClusterError =>
  new ClusterError('the watch brought something that an API server does not say', 502)

/** Ends with the stream, with silence and with the signal, and takes the connection down with it. */
async function* linesOf(stream: Readable, silence: number, signal: AbortSignal): AsyncGenerator<string> {
  const stopped = new AbortController()
  const stop = (): void => {
    stopped.abort()
    stream.destroy()
  }
  const timer = setTimeout(stop, silence)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    const decoder = new StringDecoder()
    let rest = ''
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      timer.refresh()
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    if (!isAborted(stopped.signal))
      throw new ClusterError(`the connection broke: ${messageOf(error)}`, 0, { cause: error })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}
