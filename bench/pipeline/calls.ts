import { defineProcess } from '#runtime/consumer'
import { kafkaClient } from '#runtime/operating/kafka'
import type { KeyedProcess } from '#runtime/test/support/inside'
import { KafkaPublisher } from '#runtime/test/support/inside-kafka'
import { aimed, type Figure } from '../kit/figures.ts'
import { Load } from '../kit/load.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { names } from '../kit/vocabulary.ts'
import { Batches } from './batches.ts'
import { COUNTING, CountingClient, createHandler } from './handler.ts'

const CHUNKS = 20
const RECORDS = 500
const ENTITIES = 100

/** Counts, and emits an event for each record. */
const EMITTING = defineProcess<{ count: number }>('emitting', {
  accepts: COUNTING.accepts,
  onEvent(state, { entity: key }, { emit }) {
    const count = (state?.count ?? 0) + 1
    emit('events', 'count', { count }, { key, type: 'bench.count', source: '/bench', subject: null })
    return { count }
  },
})

/** Measures the Redis calls per chunk of one partition, and the cost of a record that emits an event. */
export async function* calls({ broker, redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const redis = new CountingClient({ url: redisUrl })
  const publisher = new KafkaPublisher(kafkaClient({ brokers: [broker], clientId: 'bench', auth: 'none' }))
  const load = await Load.connect([broker])
  try {
    await load.topic(names.topicName('events', 'bench'), 1)
    const quiet = createHandler({ redis })
    const emitting = createHandler({ redis, process: EMITTING as KeyedProcess<never>, publisher })
    const batches = [new Batches(10, ENTITIES), new Batches(11, ENTITIES)] as const
    const found: Record<'quiet' | 'emitting', number[]> = { quiet: [], emitting: [] }
    const costs: number[] = []
    // The first chunk of a partition is loaded.
    await quiet(batches[0].next(RECORDS))
    await emitting(batches[1].next(RECORDS))
    for (let round = 1; round <= run.rounds; round += 1) {
      found.quiet.push((await count(redis, quiet, batches[0])).calls)
      const { calls, cost } = await count(redis, emitting, batches[1])
      found.emitting.push(calls)
      costs.push(cost)
      run.say(`round ${round}  calls ${found.quiet.at(-1)}, ${calls} where it emits, ${cost.toFixed(1)} µs`)
    }
    yield aimed('pipeline/Redis calls a chunk', '', { atMost: 1 }, found.quiet)
    yield aimed('pipeline/Redis calls a chunk that emits', '', { atMost: 2 }, found.emitting)
    yield { name: 'pipeline/handler, a record that emits', unit: 'µs', rounds: costs, worse: 'higher' }
  } finally {
    await load.close()
    await publisher.close()
    redis.close()
  }
}

async function count(redis: CountingClient, handler: ReturnType<typeof createHandler>, batches: Batches) {
  const events = Array.from({ length: CHUNKS }, () => batches.next(RECORDS))
  const before = redis.calls
  const beganAtMs = performance.now()
  for (const event of events) await handler(event)
  const cost = ((performance.now() - beganAtMs) * 1000) / (CHUNKS * RECORDS)
  return { calls: (redis.calls - before) / CHUNKS, cost }
}
