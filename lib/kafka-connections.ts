/**
 * The clients that a configuration asks for: the one place, with `connections.ts`, where its names become addresses and
 * credentials. The libraries are loaded with the first use, because a function that starts should not wait for what it may not
 * need: most of that time is theirs.
 */
import { brokersOf } from './adapters/aws/clients.ts'
import type { Kafka } from './adapters/kafka/client.ts'
import type { Config } from './config.ts'
import { once } from './once.ts'
import type { LogReader, Publisher } from './pipeline/ports.ts'

/** Publishes, and knows its topics. */
export interface TopicPublisher extends Publisher {
  /** How many partitions the topic has now. */
  partitionsOf(topic: string): Promise<number>
}

interface Closable {
  close(): void | Promise<void>
}

/** Connections that are made when they are first asked for, and then kept: what works with Kafka alone needs these. */
export class KafkaConnections {
  readonly kafka: () => Promise<Kafka>
  readonly publisher: () => Promise<TopicPublisher>
  readonly log: () => Promise<LogReader>
  readonly #open: Closable[] = []

  /** @param name who connects, for the broker's logs */
  constructor(config: Config, name: string) {
    this.kafka = once(() => connectKafka(config, name))
    this.publisher = once(async () => {
      const { KafkaPublisher } = await import('./adapters/kafka/publisher.ts')
      return this.kept(new KafkaPublisher(await this.kafka()))
    })
    this.log = once(async () => {
      const { KafkaLogReader } = await import('./adapters/kafka/log-reader.ts')
      return this.kept(new KafkaLogReader(await this.kafka(), config.kafka.isolation))
    })
  }

  /** Closes what was opened; afterwards nothing of it keeps the process alive. */
  async close(): Promise<void> {
    await Promise.all(this.#open.map(connection => connection.close()))
  }

  /** The next invocation finds them open; only where there is no next one are they closed. */
  async afterInvocation({ singleInvocation }: Config): Promise<void> {
    if (singleInvocation) await this.close()
  }

  /** Will be closed with the others. */
  protected kept<T extends Closable>(connection: T): T {
    this.#open.push(connection)
    return connection
  }
}

async function connectKafka({ kafka }: Config, name: string): Promise<Kafka> {
  const { brokers, clusterArn, auth, region } = kafka
  const { kafkaClient } = await import('./adapters/kafka/client.ts')
  const addresses = brokers.length > 0 ? brokers : await brokersOf(clusterArn ?? '', auth)
  return kafkaClient({ brokers: addresses, clientId: `sluice-${name}`, auth, ...(region ? { region } : {}) })
}
