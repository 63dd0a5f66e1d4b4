import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { RedisClient } from '#runtime/operating/redis'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { createStateKey, fillState } from './fill.ts'

const ENTITIES = 10_000
/** Time between two commits of the live consumer, in milliseconds. */
const PACE_MS = 10
/** A consumer waits at the fence for at most 60 s. */
const FENCE = { atMost: 60_000 }
/** Ratio that the commits of live consumers may reach beside a rebuild. */
const SLOWER = { atMost: 1.1 }

/** Measures how long a rebuild fences its state, and how much slower commits to another state are meanwhile. */
export async function* rebuild({ redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const redis = new RedisClient({ url: redisUrl })
  const store = new RedisStateStore(redis)
  const [fences, ratios, rates]: [number[], number[], number[]] = [[], [], []]
  const records = run.quick ? 50_000 : 200_000
  try {
    for (let round = 0; round < run.rounds; round += 1) {
      run.signal.throwIfAborted()
      const worker = new Worker(new URL('./rebuild-worker.ts', import.meta.url), {
        workerData: { redisUrl, entities: ENTITIES, records },
      })
      await once(worker, 'message')
      const alone = await measureCommits(store, 900 + 2 * round, pause(2_000))
      const ended = once(worker, 'message')
      worker.postMessage('begin')
      const beside = await measureCommits(store, 901 + 2 * round, ended)
      const [{ fenceMs, tookMs }] = (await ended) as [{ fenceMs: number; tookMs: number }]
      await once(worker, 'exit')
      run.say(
        `commit ${alone.toFixed(2)} ms alone, ${beside.toFixed(2)} ms beside a rebuild of ${(tookMs / 1_000).toFixed(1)} s`,
      )
      fences.push(fenceMs)
      ratios.push(beside / alone)
      rates.push(records / (tookMs / 1_000))
    }
  } finally {
    redis.close()
  }
  yield aimed(`pipeline/rebuild, fence with ${ENTITIES.toLocaleString('en')} entities`, 'ms', FENCE, fences)
  yield aimed('pipeline/commit beside a rebuild, against alone', '×', SLOWER, ratios)
  yield { name: 'pipeline/records a second of a rebuild', unit: '/s', rounds: rates, worse: 'lower' }
}

/** Returns the mean time of a commit of 100 entities, in milliseconds, made at a fixed pace until the promise settles. */
async function measureCommits(
  store: RedisStateStore,
  partition: number,
  until: Promise<unknown>,
): Promise<number> {
  let isOver = false
  void until.finally(() => {
    isOver = true
  })
  const took: number[] = []
  for (let key = partition * 10_000; !isOver; key += 1) {
    const beganMs = performance.now()
    await fillState(store, createStateKey(key), { entities: 100, ids: 0 })
    took.push(performance.now() - beganMs)
    await pause(PACE_MS)
  }
  return took.reduce((sum, ms) => sum + ms, 0) / took.length
}
