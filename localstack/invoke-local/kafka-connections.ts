/**
 * Stands in for `lib/kafka-connections.ts` in bundles that `serverless invoke local` makes (see `esbuild.cjs`): nothing here
 * reaches a server.
 */
import { MemoryLogReader } from '../../lib/adapters/memory/log-reader.ts'
import type { Config } from '../../lib/config.ts'
import { topicNamed } from '../../lib/domain/topics.ts'
import { KafkaConnections as ServerConnections, type TopicPublisher } from '../../lib/kafka-connections.ts'
import type { LogReader, Stretch } from '../../lib/pipeline/ports.ts'
import { transcript } from './invocation.ts'

const PUBLISHER: TopicPublisher = {
  publish: async records => transcript.published(records),
  partitionsOf: async topic => topicNamed(topic)?.partitions ?? 1,
}

/** Of the log there is the batch, and nothing beside it. */
const LOG: LogReader = {
  async read(topic: string, partition: number, stretch: Stretch) {
    const { fromOffset, toOffset } = stretch
    const which =
      fromOffset === toOffset ? `offset ${fromOffset} is` : `offsets ${fromOffset} to ${toOffset} are`
    transcript.note({ topic, partition }, `        ${which} not in the batch: taken as if nothing was there`)
    return { ...(await new MemoryLogReader([]).read(topic, partition, stretch)), logStart: 0 }
  },
}

export class KafkaConnections extends ServerConnections {
  override readonly publisher = async () => PUBLISHER
  override readonly log = async () => LOG

  override async afterInvocation(config: Config): Promise<void> {
    process.stderr.write(`${transcript}`)
    await super.afterInvocation(config)
  }
}
