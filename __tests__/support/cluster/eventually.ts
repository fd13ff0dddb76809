import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Reads until what was read is as it should be.
 * @throws with what was read last
 */
export async function eventually<T>(
  what: string,
  read: () => Promise<T>,
  isSo: (value: T) => boolean,
  seconds = 120
): Promise<T> {
  const until = Date.now() + seconds * 1000
  for (;;) {
    const value = await read()
    if (isSo(value)) return value
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${what}\n${JSON.stringify(value)}`)
    await sleep(200)
  }
}
