import { afterEach, jest } from '@jest/globals'

import { closeScenes } from './scene.ts'

/** Call once in a file of e2e tests: whatever a test leaves running is ended after it. */
export function playScenes(): void {
  // Long enough never to be reached by a slow machine: a test that takes longer hangs.
  jest.setTimeout(180_000)
  afterEach(closeScenes)
}
