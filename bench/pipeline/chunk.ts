import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { defineProcess } from '#runtime/consumer/define-process.ts'
import type { KeyedProcess } from '#runtime/consumer/process.ts'
import type { KafkaEvent } from '#runtime/pipeline/batch/receive.ts'
import { CONSUMER_DEFAULTS } from '#runtime/pipeline/consumer.ts'
import type { StateStore } from '#runtime/pipeline/ports.ts'
import { aimed, type Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { Batches } from './batches.ts'
import { COUNTING, createHandler } from './handler.ts'

const { records: RECORDS, bytes: BYTES } = CONSUMER_DEFAULTS.limits
/** Time between two chunks on the log's clock: long enough for all timers of the previous chunk to fire. */
const PAUSE_MS = 90_000
const TIMER_MS = 60_000
const PARTITION = 40

/**
 * The largest possible chunk: the maximum number of records and bytes, each record of a different entity. For every entity,
 * a timer fires, another one is set, and the state, which is as large as the record, is replaced.
 */
const HEAVY = defineProcess<unknown>('heavy', {
  accepts: COUNTING.accepts,
  onEvent(_, { data }, { timer }) {
    timer('quiet', TIMER_MS)
    return data
  },
  onTimer: state => state,
})

/** Measures how long the scripts of the largest chunk block the server, and how other clients notice it. */
export async function* largestChunk({ redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const redis = new RedisClient({ url: redisUrl })
  const scripts = new TimedStore(redis)
  const handler = createHandler({ redis, process: HEAVY as KeyedProcess<never>, store: scripts })
  const others = new Worker(new URL('./ping-loop.ts', import.meta.url), { workerData: redisUrl })
  try {
    await once(others, 'message')
    const chunks = heavyChunks()
    const times: Record<'load' | 'commit' | 'ping' | 'alone', number[]> = {
      load: [],
      commit: [],
      ping: [],
      alone: [],
    }
    for (let round = 0; round <= run.rounds * 3; round += 1) {
      run.signal.throwIfAborted()
      const alone = await slowestPing(others, () => new Promise(resolve => setTimeout(resolve, 100)))
      const event = chunks.next().value
      scripts.slowest = { load: 0, commit: 0 }
      const ping = await slowestPing(others, () => handler(event))
      // The first two rounds set the first timers and compile the code.
      if (round < 2) continue
      const { load, commit } = scripts.slowest
      for (const [name, value] of Object.entries({ load, commit, ping, alone }))
        times[name as keyof typeof times].push(value)
      run.say(
        `chunk ${round}  load ${load.toFixed(1)} ms, commit ${commit.toFixed(1)} ms, slowest PING ${ping.toFixed(1)} ms`,
      )
    }
    yield aimed('pipeline/largest chunk, script that loads', 'ms', { atMost: 10 }, times.load)
    yield aimed('pipeline/largest chunk, script that commits', 'ms', { atMost: 10 }, times.commit)
    yield { name: 'pipeline/slowest PING beside it', unit: 'ms', rounds: times.ping, worse: 'higher' }
    yield { name: 'pipeline/slowest PING without it', unit: 'ms', rounds: times.alone }
  } finally {
    await others.terminate()
    redis.close()
  }
}

/** A store that asks the server for the run time of each script, and notes the slowest one. */
class TimedStore implements StateStore {
  slowest = { load: 0, commit: 0 }
  readonly #redis: RedisClient
  readonly #store: RedisStateStore
  readonly trimOutbox: StateStore['trimOutbox']

  constructor(redis: RedisClient) {
    this.#redis = redis
    this.#store = new RedisStateStore(redis)
    this.trimOutbox = this.#store.trimOutbox.bind(this.#store)
  }

  async load(...args: Parameters<StateStore['load']>) {
    return this.#timed('load', () => this.#store.load(...args))
  }

  async commit(...args: Parameters<StateStore['commit']>) {
    return this.#timed('commit', () => this.#store.commit(...args))
  }

  async #timed<T>(script: 'load' | 'commit', work: () => Promise<T>): Promise<T> {
    const before = await this.#spentMs()
    const done = await work()
    this.slowest[script] = Math.max(this.slowest[script], (await this.#spentMs()) - before)
    return done
  }

  async #spentMs(): Promise<number> {
    const info = await this.#redis.run(commands => commands.info('commandstats'))
    return Number(/^cmdstat_evalsha:calls=\d+,usec=(\d+)/m.exec(info)?.[1] ?? 0) / 1000
  }
}

/** The slowest answer to a PING while `work` runs. */
async function slowestPing(others: Worker, work: () => Promise<unknown>): Promise<number> {
  others.postMessage('from now on')
  await work()
  others.postMessage('until now')
  const [slowest] = await once(others, 'message')
  return slowest
}

function* heavyChunks(): Generator<KafkaEvent, never> {
  const batches = new Batches(PARTITION, RECORDS)
  for (let chunk = 0; ; chunk += 1) {
    const site = 'x'.repeat(BYTES / RECORDS - 200)
    const data = { location: { site, latitude: 52.5, longitude: 13.4 } }
    yield batches.next(RECORDS, { pauseMs: chunk * PAUSE_MS, data })
  }
}
