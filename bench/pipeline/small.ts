import { kafkaClient } from '#runtime/adapters/kafka/client.ts'
import type { KeyedProcess } from '#runtime/consumer/process.ts'
import type { KafkaEvent } from '#runtime/pipeline/batch/receive.ts'
import { KafkaPublisher } from '#runtime/producer/publisher.ts'
import { topicName } from '../../lib/app/topics.ts'
import type { Figure } from '../kit/figures.ts'
import type { Run } from '../kit/program.ts'
import type { Servers } from '../kit/servers.ts'
import { Load } from '../trigger/load.ts'
import { Batches } from './batches.ts'
import { EMITTING } from './calls.ts'
import { CountingClient, handlerOf } from './handler.ts'

/** An invocation at a low rate: few records of every partition. */
const PARTITIONS = 12
const RECORDS = [1, 4]
const ENTITIES = 10
const FIRST_PARTITION = 100

/**
 * Measures an invocation that has few records of each of twelve partitions, and emits an event for each record: there, a record pays for
 * the calls of its partition.
 */
export async function* small({ broker, redisUrl }: Servers, run: Run): AsyncGenerator<Figure> {
  const redis = new CountingClient({ url: redisUrl })
  const publisher = new KafkaPublisher(kafkaClient({ brokers: [broker], clientId: 'bench', auth: 'none' }))
  const load = await Load.connect([broker])
  try {
    await load.topic(topicName('events', 'bench'), PARTITIONS)
    const process = { ...EMITTING, name: 'small' } as KeyedProcess<never>
    const handler = handlerOf({ redis, process, publisher })
    const all = Array.from({ length: PARTITIONS }, (_, n) => new Batches(FIRST_PARTITION + n, ENTITIES))
    const invocations = run.quick ? 500 : 2_000
    for (const records of RECORDS) {
      const wall: number[] = []
      const processor: number[] = []
      // The first round compiles the code and does not count.
      for (let round = 0; round <= run.rounds; round += 1) {
        run.signal.throwIfAborted()
        const cost = await costOf(handler, all, records, invocations)
        if (round > 0) {
          wall.push(cost.wall)
          processor.push(cost.processor)
        }
        run.say(
          `round ${round}  ${records} of each partition: ${cost.wall.toFixed(2)} ms an invocation, processor time ` +
            `${cost.processor.toFixed(2)} ms`,
        )
      }
      const name = `pipeline/invocation with ${records} of each of ${PARTITIONS} partitions`
      yield { name, unit: 'ms', rounds: wall, worse: 'higher' }
      yield { name: `${name}, processor time`, unit: 'ms', rounds: processor, worse: 'higher' }
    }
  } finally {
    await load.close()
    await publisher.close()
    redis.close()
  }
}

async function costOf(
  handler: (event: KafkaEvent) => Promise<void>,
  all: readonly Batches[],
  records: number,
  invocations: number,
) {
  const events = Array.from({ length: invocations }, () => ({
    records: Object.assign({}, ...all.map(batches => batches.next(records).records)),
  }))
  const before = process.cpuUsage()
  const beganAtMs = performance.now()
  for (const event of events) await handler(event)
  const wallMs = performance.now() - beganAtMs
  const { user, system } = process.cpuUsage(before)
  return { wall: wallMs / invocations, processor: (user + system) / 1000 / invocations }
}
