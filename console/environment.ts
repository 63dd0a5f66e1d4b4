/** Environment that the console shows. It is reloaded while it runs. */

import { randomUUID } from 'node:crypto'
import { ClusterInspection, TopicOffsets } from '#runtime/operating/kafka'
import { once } from '#runtime/waiting'
import { describeKafka } from '../control/diagnosis/server-standards.ts'
import { Environment, type EnvironmentParts, type ReadingFunction } from '../control/questions/environment.ts'
import type { Signal } from '../lib/app/naming/topic-table.ts'
import { answerSoon } from '../lib/log/kafka-answers.ts'
import { readTopicBounds } from '../lib/log/topic-bounds.ts'
import { Cache } from './cache.ts'
import { KafkaMonitor } from './kafka-outage.ts'
import { PageOffsets } from './page-offsets.ts'

/** A function as declared in serverless.yml, reduced to the properties that the console uses. */
export interface ShownFunction extends ReadingFunction {
  /** Topics that the function reads as a forwarder, when its schedule invokes it. */
  readonly forwards: readonly Signal[]
  readonly emits: readonly Signal[]
  readonly uses: readonly string[]
}

/** Time limits of requests for lags. They are short, so that a page shows an outage quickly; the next look tries again. */
const LAG_PATIENCE = { leaderMs: 2_000, topicMs: 0 }
/** Time for which the number of a topic's partitions is reused, in milliseconds. */
const PARTITIONS_FOR_MS = 10_000

export type ConsoleEnvironment = Environment<ShownFunction>

/** Returns the environment of a console. Its questions fail at once during an outage of Kafka, see `KafkaMonitor`. */
export function createConsoleEnvironment(parts: EnvironmentParts<ShownFunction>): ConsoleEnvironment {
  const clockAndIds = { nowMs: Date.now, newId: randomUUID }
  return new Environment({ ...parts, ...clockAndIds }, 'sluice-console', environment => {
    const { config, connections, offsets } = environment
    const openInspection = once(async () =>
      connections.register(new ClusterInspection(await connections.kafka())),
    )
    const { address } = describeKafka(config)
    const monitor = new KafkaMonitor(async () => (await openInspection()).metadata([]), { address })
    const partitions = new Cache<number>({ forMs: PARTITIONS_FOR_MS })
    return {
      createOffsets: kafka => new PageOffsets(kafka),
      createLagOffsets: kafka => new TopicOffsets(kafka, LAG_PATIENCE),
      checkKafka: () => monitor.check(),
      /** Returns the last known number, which can grow, if Kafka does not answer soon. */
      countPartitions(topic, otherwise) {
        const count = async () => (await readTopicBounds(await offsets(), topic)).length
        return partitions.get(topic, (last = otherwise) => answerSoon(count(), last))
      },
      /** Returns nothing, because a page cannot wait for a search in the log. */
      findTables: async () => undefined,
    }
  })
}
