/**
 * Delivers records of a topic to a handler in this process, in the same way as an event source mapping. Also reads topics as bytes.
 */
import type { Context } from 'aws-lambda'
import { kafkaEvent } from '../../packages/runtime/testing/records.ts'
import { KafkaLog } from '../ledger/kafka/log.ts'
import type { KafkaRecord } from '../ledger/kafka/records.ts'

export const CONTEXT = { getRemainingTimeInMillis: () => 60_000 } as Context

type Handler = (event: never, context: Context) => Promise<unknown>

export class DeliveredLog {
  readonly #log: KafkaLog
  /** Offset after the last processed record, by consumer, topic and partition. */
  readonly #taken = new Map<string, Map<string, number>>()

  constructor(brokers: readonly string[]) {
    this.#log = new KafkaLog(brokers)
  }

  /** Returns all records of a topic, by partition and offset. */
  async read(topic: string, from: ReadonlyMap<string, number> = new Map()): Promise<KafkaRecord[]> {
    const records: KafkaRecord[] = []
    for (const [partition, end] of (await this.#log.ends(topic)).entries())
      for await (const some of this.#log.read(topic, partition, from.get(`${topic}/${partition}`) ?? 0, end))
        records.push(...some)
    return records
  }

  /** Delivers unprocessed records to a new handler in one batch. @returns true if the handler has processed all of them */
  async deliver(topic: string, consumer: string, make: () => Handler, context = CONTEXT): Promise<boolean> {
    const taken = this.#taken.get(consumer) ?? new Map<string, number>()
    this.#taken.set(consumer, taken)
    const records = await this.read(topic, taken)
    if (records.length === 0) return true
    const event = kafkaEvent(records.map(record => ({ ...record, topic })))
    const isDone = await make()(event as never, context).then(
      () => true,
      () => false,
    )
    if (isDone) for (const { partition, offset } of records) taken.set(`${topic}/${partition}`, offset + 1)
    return isDone
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
