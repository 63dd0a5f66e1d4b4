/** Environment that the console shows. It is reloaded while it runs, and it fails at once during an outage of Kafka. */

import { ClusterInspection, type Kafka } from '#runtime/operating/kafka'
import { once } from '#runtime/waiting'
import { openStorageReader } from '../lib/app/storage.ts'
import type { Signal } from '../lib/app/topic-table.ts'
import { describeKafka } from '../lib/diagnosis/server-standards.ts'
import { answerSoon } from '../lib/queries/kafka/kafka-answers.ts'
import { readTopicBounds } from '../lib/queries/kafka/topics.ts'
import {
  Environment,
  type EnvironmentParts,
  type Offsets,
  type ReadingFunction,
} from '../lib/questions/environment.ts'
import type { StorageReader } from '../lib/storage/storage.ts'
import { Cache } from './cache.ts'
import { KafkaMonitor } from './kafka-outage.ts'
import { PageOffsets } from './page-offsets.ts'

/** A function as declared in serverless.yml, reduced to the properties that the console uses. */
export interface ShownFunction extends ReadingFunction {
  /** Topics that the function reads as a forwarder, when its schedule invokes it. */
  readonly forwards: readonly Signal[]
  readonly emits: readonly Signal[]
  readonly uses: readonly string[]
  /** Batching of the Kafka event source. `maximumBatchingWindow` is in seconds. */
  readonly reading: { readonly maximumBatchingWindow: number }
}

/** Time for which the number of a topic's partitions is reused, in milliseconds. */
const PARTITIONS_FOR_MS = 10_000

export class ConsoleEnvironment extends Environment<ShownFunction> {
  /** Database of `storage`, for reading. */
  readonly storage: () => Promise<StorageReader>
  readonly #monitor: KafkaMonitor
  readonly #partitions = new Cache<number>({ forMs: PARTITIONS_FOR_MS })

  constructor(parts: EnvironmentParts<ShownFunction>) {
    super(parts, 'sluice-console')
    const { config, connections } = this
    const looking = once(async () => connections.register(new ClusterInspection(await connections.kafka())))
    this.#monitor = new KafkaMonitor(async () => (await looking()).metadata([]), {
      address: describeKafka(config).address,
    })
    this.storage = once(async () => connections.register(await openStorageReader(config)))
  }

  /** Returns the number of partitions, which can grow. If Kafka does not answer soon, it is the last known one. */
  protected override countPartitions(topic: string, otherwise: number): Promise<number> {
    const count = async () => (await readTopicBounds(await this.offsets(), topic)).length
    return this.#partitions.get(topic, (last = otherwise) => answerSoon(count(), last))
  }

  /** Returns nothing, because a page cannot wait for a search in the log. */
  protected override async findTables(): Promise<undefined> {}

  protected override createOffsets(kafka: Kafka): Offsets {
    return new PageOffsets(kafka)
  }

  /** Fails at once while Kafka is known to be unavailable. See `KafkaMonitor`. */
  protected override checkKafka(): Promise<void> {
    return this.#monitor.check()
  }
}
