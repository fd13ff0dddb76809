import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { flushed } from '../../../../src/report/github/flushed.ts'

it('waits until a slow reader has taken everything', async () => {
  const taken: string[] = []
  const slow = new Writable({
    write(chunk: Buffer, _, done) {
      taken.push(chunk.toString())
      void wait(5).then(() => {
        done()
      })
    }
  })
  const lines = Array.from({ length: 20 }, (_, at) => `line ${at}`)
  for (const line of lines) slow.write(line)
  await flushed(slow)
  expect(taken.filter((line) => line !== '')).toEqual(lines)
})

it('does not wait for a reader that is gone', async () => {
  const broken = new Writable({
    write(_, __, done) {
      done(new Error('EPIPE'))
    }
  })
  broken.write('text')
  await expect(flushed(broken)).resolves.toBeUndefined()
})
