/**
 * Replaces `packages/runtime/lambda/kafka-connections.ts` in bundles for `serverless invoke local` (see `esbuild.cjs`). Does not
 * connect to any server.
 */

import type { GeneralSettings } from '../../lib/app/settings/index.ts'
import { topicNamed } from '../../lib/app/topics.ts'
import type { TopicPublisher } from '../../packages/runtime/adapters/kafka/produce-types.ts'
import { KafkaConnections as ServerConnections } from '../../packages/runtime/lambda/kafka-connections.ts'
import type { OffsetRange } from '../../packages/runtime/pipeline/model.ts'
import type { LogBounds, LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { MemoryLogReader } from '../../packages/runtime/testing/log-reader.ts'
import { transcript } from './transcript.ts'

const PUBLISHER: TopicPublisher = {
  publish: async records => {
    transcript.published(records)
    return records.map((_, offset) => offset)
  },
  partitionsOf: async topic => topicNamed(topic)?.partitions ?? 1,
}

/** Log of a partition that contains only the records of the batch. */
const LOG: LogReader = {
  async read(topic: string, partition: number, range: OffsetRange) {
    const { fromOffset, toOffset } = range
    const which =
      fromOffset === toOffset ? `offset ${fromOffset} is` : `offsets ${fromOffset} to ${toOffset} are`
    transcript.note({ topic, partition }, `        ${which} not in the batch: treated as empty`)
    return { ...(await new MemoryLogReader([]).read(topic, partition, range)), logStart: 0 }
  },
}

/** Bounds of topics without records. */
const BOUNDS: LogBounds = {
  bounds: async topic =>
    Array.from({ length: topicNamed(topic)?.partitions ?? 1 }, () => ({ start: 0, end: 0 })),
}

export class KafkaConnections extends ServerConnections {
  override readonly publisher = async () => PUBLISHER
  override readonly log = async () => LOG
  override readonly bounds = async () => BOUNDS

  override async afterInvocation(config: GeneralSettings): Promise<void> {
    process.stderr.write(`${transcript}`)
    await super.afterInvocation(config)
  }
}
