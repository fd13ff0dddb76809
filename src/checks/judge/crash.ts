import type { Counts, Crash } from '../../domain/judgement.ts'
import type { Scrape } from './scrapes.ts'

/**
 * The crash guard: a version that fails a large part of its requests is not left with users for the minutes that evidence
 * takes. It looks at every scrape, in the warm-up as well.
 */

/** A stable version that fails more is ill itself, and of one without requests nothing is known: then the models decide. */
const MOST_STABLE = 0.02

/** The canary fails so many times as often. */
const TIMES = 5

const KINDS = [
  { requests: 5, errors: 3, share: 0.3, scrapes: 2 },
  { requests: 8, errors: 4, share: 0.2, scrapes: 3 }
] as const

const shareOf = ({ requests, errors }: Counts): number => errors / Math.max(requests, 1)

function isCrash({ canary, stable, scrapesWithErrors }: Crash): boolean {
  const [own, others] = [shareOf(canary), shareOf(stable)]
  return (
    stable.requests > 0 &&
    others < MOST_STABLE &&
    own >= TIMES * others &&
    KINDS.some(
      ({ requests, errors, share, scrapes }) =>
        canary.requests >= requests && canary.errors >= errors && own >= share && scrapesWithErrors >= scrapes
    )
  )
}

/** Of all that was scraped until then. */
function countedUntil(scrapes: readonly Scrape[], at: number): Counts {
  let [requests, errors] = [0, 0]
  for (const scrape of scrapes) {
    if (scrape.at > at) break
    requests += scrape.requests
    errors += scrape.errors
  }
  return { requests, errors }
}

/**
 * The first moment at which the canary had crashed; undefined when it has not.
 * @param canary since the release began, ordered by time
 * @param stable of the same minutes; before the release where the stable version has no users any more
 */
export function firstCrash(canary: readonly Scrape[], stable: readonly Scrape[]): Crash | undefined {
  let [requests, errors, scrapesWithErrors] = [0, 0, 0]
  for (const [i, scrape] of canary.entries()) {
    requests += scrape.requests
    errors += scrape.errors
    scrapesWithErrors += scrape.errors > 0 ? 1 : 0
    const isWhole = scrape.at !== canary[i + 1]?.at
    if (!isWhole || errors < KINDS[0].errors) continue
    const found = {
      at: scrape.at,
      canary: { requests, errors },
      stable: countedUntil(stable, scrape.at),
      scrapesWithErrors
    }
    if (isCrash(found)) return found
  }
  return undefined
}
