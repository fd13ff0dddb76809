import { availableParallelism } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'
import { playTask, type Outcomes, type Task } from './cell.ts'

/** Plays tasks on all processors. This file is the worker, too. */

interface Ask {
  readonly task: Task
  readonly number: number
}
interface Answer {
  readonly number: number
  readonly outcomes: Outcomes
}

parentPort?.on('message', ({ task, number }: Ask) => {
  const answer: Answer = { number, outcomes: playTask(task) }
  parentPort?.postMessage(answer)
})

/** @param onDone told how many are done, after each */
export async function playAll(
  tasks: readonly Task[],
  onDone: (done: number) => void = () => undefined
): Promise<readonly Outcomes[]> {
  const found: Outcomes[] = []
  let [next, done] = [0, 0]
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url))
      const ask = (): void => {
        const task = tasks[next]
        if (task === undefined) {
          void worker.terminate()
          resolve()
          return
        }
        worker.postMessage({ task, number: next } satisfies Ask)
        next += 1
      }
      worker.on('error', reject)
      worker.on('message', ({ number, outcomes }: Answer) => {
        found[number] = outcomes
        done += 1
        onDone(done)
        ask()
      })
      ask()
    })
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), tasks.length) }, work))
  return found
}
