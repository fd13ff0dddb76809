import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { judgeRecorded } from './ours.ts'
import type { Recorded } from './release.ts'

/** Judges recorded releases, one a line, and writes a verdict a line. @returns how many */
export async function replay(file: string, out: string): Promise<number> {
  const verdicts = createWriteStream(out)
  let count = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line.trim() === '') continue
    const recorded = JSON.parse(line) as Recorded
    const { verdict, at } = judgeRecorded(recorded)
    verdicts.write(`${JSON.stringify({ id: recorded.id, verdict, at })}\n`)
    count += 1
  }
  verdicts.end()
  await finished(verdicts)
  return count
}
