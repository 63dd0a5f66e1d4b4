import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { median } from '../kit/statistics.ts'
import { Batches } from './batches.ts'
import { createHandler } from './handler.ts'

const RECORDS = 500
const ENTITIES = 100
const STEPS = 10
const HEAP_MIB = 2
const DELAY_RATIO = 1.5

interface Step {
  /** Heap in use after a garbage collection, and resident memory of the process. */
  readonly heapMiB: number
  readonly residentMiB: number
  /** 99th percentile of the event loop delay while batches are processed, in milliseconds. */
  readonly delayMs: number
}

/** Measures whether memory and event loop delay grow over a million records. */
export async function* drift({ redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const redis = new RedisClient({ url: redisUrl })
  const total = run.quick ? 100_000 : 1_000_000
  const handler = createHandler({ redis })
  const batches = new Batches(50, ENTITIES)
  const steps: Step[] = []
  try {
    for (let done = 0; done < total; done += total / STEPS) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      for (let at = 0; at < total / STEPS; at += RECORDS) {
        run.signal.throwIfAborted()
        const event = batches.next(RECORDS)
        delay.enable()
        await handler(event)
        delay.disable()
      }
      const step = { ...memoryMiB(), delayMs: delay.percentile(99) / 1e6 }
      steps.push(step)
      const { heapMiB, residentMiB, delayMs } = step
      run.say(
        `${(done + total / STEPS).toLocaleString('en')} records  heap ${heapMiB.toFixed(1)} MiB, ` +
          `resident ${residentMiB.toFixed(0)} MiB, event loop p99 ${delayMs.toFixed(1)} ms`,
      )
    }
  } finally {
    redis.close()
  }
  // The first steps compile the code and fill caches.
  const [early, late] = [steps.slice(2, 5), steps.slice(-3)]
  const change = (key: keyof Step) =>
    median(late.map(step => step[key])) - median(early.map(step => step[key]))
  yield aimed('pipeline/heap, growth over the run', 'MiB', { atMost: HEAP_MIB }, [change('heapMiB')])
  yield { name: 'pipeline/resident, growth over the run', unit: 'MiB', rounds: [change('residentMiB')] }
  yield {
    name: 'pipeline/event loop p99',
    unit: 'ms',
    rounds: steps.slice(2).map(({ delayMs }) => delayMs),
    worse: 'higher',
  }
  const ratio = median(late.map(step => step.delayMs)) / median(early.map(step => step.delayMs))
  yield aimed('pipeline/event loop p99, end against beginning', '×', { atMost: DELAY_RATIO }, [ratio])
}

function memoryMiB() {
  collectGarbage()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapMiB: heapUsed / 2 ** 20, residentMiB: rss / 2 ** 20 }
}

/** V8 exposes `gc` only if the flag is set. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
