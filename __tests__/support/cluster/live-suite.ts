import { afterAll, afterEach, beforeAll, it, jest } from '@jest/globals'
import { atOnce } from './at-once.ts'
import { closeLiveScenes } from './live-scene.ts'

/** Long enough never to be reached by a slow machine: a test that takes longer hangs. */
const HANGS = 400_000

/** Call once in a file of e2e tests: whatever a test leaves running is ended after it. */
export function playLiveScenes(): void {
  jest.setTimeout(HANGS)
  afterEach(closeLiveScenes)
}

/**
 * Instead of `playLiveScenes`, for independent plays: runs so many of them at the same time, each as a test of its own.
 * What they leave running is ended after the last one.
 */
export function playTogether(plays: Readonly<Record<string, () => Promise<void>>>, most: number): void {
  jest.setTimeout(HANGS)
  const ends = new Map<string, PromiseWithResolvers<unknown>>()
  beforeAll(() => {
    for (const title of Object.keys(plays)) ends.set(title, awaited())
    void atOnce(Object.entries(plays), most, ([title, play]) =>
      play().then(ends.get(title)?.resolve, ends.get(title)?.reject)
    )
  })
  it.each(Object.keys(plays))('%s', (title) => ends.get(title)?.promise)
  afterAll(closeLiveScenes)
}

/** The promise may be rejected before a test awaits it. */
function awaited(): PromiseWithResolvers<unknown> {
  const end = Promise.withResolvers<unknown>()
  end.promise.catch(() => undefined)
  return end
}
