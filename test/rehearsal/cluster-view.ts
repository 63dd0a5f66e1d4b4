/** Contents of Kafka and Redis, read by the code of the ledger, which shares no code with the project. */

import { ForeignClient } from '@sluice/test-kit/foreign-client'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { type LedgerEvent, readEvent } from '../ledger/count/event.ts'
import { PartitionStateReader, type StateContents } from '../ledger/count/partition-states.ts'
import { KafkaLog } from '../ledger/kafka/log.ts'
import type { KafkaRecord } from '../ledger/kafka/records.ts'
import { NAMES } from '../support/families.ts'

/** A function that reads a topic as a group. */
export interface Reads {
  readonly functionKey: string
  readonly topic: string
  readonly groupId: string
}

export class ClusterView {
  readonly env: string
  /** Client that also writes records that no function writes. */
  readonly client: ForeignClient
  readonly #log: KafkaLog
  readonly #states: PartitionStateReader

  private constructor(env: string, client: ForeignClient, log: KafkaLog, states: PartitionStateReader) {
    this.env = env
    this.client = client
    this.#log = log
    this.#states = states
  }

  static async connect(env: string, brokers: readonly string[], redisUrl: string): Promise<ClusterView> {
    const client = await ForeignClient.connect(brokers)
    return new ClusterView(env, client, new KafkaLog(brokers), new PartitionStateReader(redisUrl))
  }

  topic(signal: Signal): string {
    return NAMES.topicName(signal, this.env)
  }

  ends(signal: Signal): Promise<number[]> {
    return this.#log.ends(this.topic(signal))
  }

  /** Returns the events of a topic, without ticks and other records. */
  async events(signal: Signal): Promise<LedgerEvent[]> {
    return (await this.#records(signal)).flatMap(record => {
      const event = readEvent(record, () => true)
      return typeof event === 'string' ? [] : [event]
    })
  }

  /** Whether each partition of a topic has a record of this type. */
  async everyPartitionHas(signal: Signal, type: string): Promise<boolean> {
    const found = (await this.#records(signal)).filter(({ headers }) =>
      headers.some(([name, value]) => name === 'ce_type' && String(value) === type),
    )
    return new Set(found.map(({ partition }) => partition)).size === (await this.ends(signal)).length
  }

  /** How many records a consumer has neither decided nor published what came of them, up to the present ends of its topic. */
  async waiting({ functionKey: consumer, topic }: Reads): Promise<number> {
    const ends = await this.#log.ends(topic)
    const progress = await this.#states.progress(ends.map((_, partition) => ({ consumer, topic, partition })))
    return progress.reduce(
      (sum, { appliedOffset, outbox }, at) => sum + Math.max(0, (ends[at] ?? 0) - appliedOffset - 1) + outbox,
      0,
    )
  }

  /** Returns the contents of a consumer's state, by partition. */
  async contents({ functionKey: consumer, topic }: Reads): Promise<StateContents[]> {
    const ends = await this.#log.ends(topic)
    return Promise.all(ends.map((_, partition) => this.#states.contents({ consumer, topic, partition })))
  }

  /** Records up to the present ends that the group of a consumer has not committed. */
  async uncommitted({ groupId, topic }: Reads): Promise<number> {
    const [ends, committed] = await Promise.all([
      this.#log.ends(topic),
      this.client.committed(groupId, topic),
    ])
    return ends.reduce((sum, end, at) => sum + Math.max(0, end - Math.max(0, committed[at] ?? 0)), 0)
  }

  async #records(signal: Signal): Promise<KafkaRecord[]> {
    const topic = this.topic(signal)
    const found: KafkaRecord[] = []
    for (const [partition, end] of (await this.#log.ends(topic)).entries())
      for await (const record of this.#log.records(topic, partition, end)) found.push(record)
    return found
  }

  async close(): Promise<void> {
    this.#states.close()
    await Promise.all([this.#log.close(), this.client.close()])
  }
}
