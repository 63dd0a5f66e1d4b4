/** Creates clients and loads their libraries on first use, because loading them takes most of a function's start time. */
import type { Kafka } from '../adapters/kafka/client.ts'
import type { TopicPublisher } from '../adapters/kafka/producer-ports.ts'
import type { LogBounds, LogReader } from '../pipeline/ports.ts'
import type { GeneralSettings } from '../settings/general.ts'
import type { Compression, KafkaSettings } from '../settings/kafka.ts'
import { resolveKafkaAccess } from '../settings/resolve-kafka-access.ts'
import { once } from '../waiting/index.ts'

interface Closable {
  close(): void | Promise<void>
}

/** Log reader that also says whether Kafka has a topic. */
interface TopicLogReader extends LogReader {
  exists(topic: string): Promise<boolean>
}

/** Connections to Kafka that are opened on first use and then kept. Functions that use only Kafka need no other connections. */
export class KafkaClients {
  readonly kafka: () => Promise<Kafka>
  readonly publisher: () => Promise<TopicPublisher>
  readonly log: () => Promise<TopicLogReader>
  readonly bounds: () => Promise<LogBounds>
  /** Compression for publishers that are created elsewhere. */
  readonly compression: Compression
  /** Called with the duration of each publish call in milliseconds, whether it succeeded or not. */
  onPublished: ((ms: number) => void) | undefined
  readonly #open: Closable[] = []
  #isClosed = false

  /**
   * Creates the connections.
   *
   * @param clientId name of the client in the broker's logs
   */
  constructor(config: KafkaSettings, clientId: string) {
    this.kafka = once(() => connectKafka(config, clientId))
    this.compression = config.compression
    this.publisher = once(async () => {
      const { KafkaPublisher } = await import('../producer/publisher.ts')
      return this.#measurePublisher(this.register(new KafkaPublisher(await this.kafka(), config.compression)))
    })
    this.log = once(async () => {
      const { KafkaLogReader } = await import('../adapters/kafka/log-reader.ts')
      return this.register(new KafkaLogReader(await this.kafka(), config.kafka.isolation))
    })
    this.bounds = once(async () => {
      const { KafkaLogBounds } = await import('../adapters/kafka/topic-offsets.ts')
      return this.register(new KafkaLogBounds(await this.kafka()))
    })
  }

  /**
   * Closes all connections permanently, so that they no longer keep the process alive. Connections that are still being opened are
   * closed as well.
   *
   * @throws the first error, after trying to close every connection
   */
  async close(): Promise<void> {
    this.#isClosed = true
    const ends = await Promise.allSettled(this.#open.map(async connection => connection.close()))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  #measurePublisher(publisher: TopicPublisher): TopicPublisher {
    const measure = async <T>(published: Promise<T>): Promise<T> => {
      const sinceMs = Date.now()
      return published.finally(() => this.onPublished?.(Date.now() - sinceMs))
    }
    return {
      countPartitions: topic => publisher.countPartitions(topic),
      publish: records => measure(publisher.publish(records)),
    }
  }

  /** Called after each invocation. Closes the connections if there will be no other invocation; otherwise keeps them open. */
  async afterInvocation({ singleInvocation }: GeneralSettings): Promise<void> {
    if (singleInvocation) await this.close()
  }

  /** Registers a connection that `close` will close. If `close` was called before, the connection is closed immediately. */
  register<T extends Closable>(connection: T): T {
    if (this.#isClosed) void connection.close()
    else this.#open.push(connection)
    return connection
  }
}

async function connectKafka({ kafka }: KafkaSettings, clientId: string): Promise<Kafka> {
  const [{ kafkaClient }, connection] = await Promise.all([
    import('../adapters/kafka/client.ts'),
    resolveKafkaAccess(kafka, clientId),
  ])
  return kafkaClient(connection)
}
