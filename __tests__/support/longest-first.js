import Sequencer from '@jest/test-sequencer'

/**
 * Begins with the files that take minutes. Where nothing is known of earlier runs jest goes by the size of files, and a short file
 * that waits long would be the last one, alone.
 */

const LONG = [
  'workflows',
  'other-metrics',
  'canary',
  'api-faults',
  'credentials',
  'crash',
  'compared',
  'patience',
  'router-metrics',
  'annotations',
  'commands-and-states',
  'failing'
]

const rank = (path) => {
  const found = LONG.findIndex((name) => path.endsWith(`/e2e/${name}.test.ts`))
  return found < 0 ? LONG.length : found
}

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests)
    return sorted.toSorted((one, other) => rank(one.path) - rank(other.path))
  }
}
