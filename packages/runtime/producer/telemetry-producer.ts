import { ProducerConnection } from '../adapters/kafka/producer-connection.ts'
import type { Brokers } from '../adapters/kafka/producer-ports.ts'
import { type Clock, SYSTEM_CLOCK, warnOnTerminal } from '../adapters/system.ts'
import type { DataWriter } from '../cloudevents/data-writer.ts'
import { InvalidEvent } from '../cloudevents/json-text.ts'
import { type CloudEventLike, normalizeEvent } from '../cloudevents/normalize-event.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import { toOutgoingRecord } from '../cloudevents/writer.ts'
import type { Event } from '../consumer/event.ts'
import type { ProducerSettings } from '../settings/producer.ts'
import {
  createDeliveryReport,
  type Delivered,
  DeliveryFailed,
  type DeliveryReport,
  deliveryText,
} from './delivery-report.ts'
import { defaultKey, type ProducerConfig, resolveSettings } from './producer-config.ts'
import type { ProducerMetrics } from './producer-metrics.ts'
import { RecordProducer } from './record-producer.ts'

const MAX_FLUSH_MS = 30_000

/** Topic and key of an event. */
export interface PublishOptions {
  readonly topic?: string
  /** Record key, instead of the key that the producer would choose; null distributes events over the partitions. */
  readonly key?: string | null
}

type Report = (report: DeliveryReport) => void

/** Publishes events to Kafka in batches, with limited memory and a delivery report for each event. */
export class TelemetryProducer {
  readonly #config: ProducerConfig
  readonly #settings: ProducerSettings
  readonly #records: RecordProducer
  #closing: Promise<number> | undefined

  /**
   * Creates a producer that connects with the first event.
   *
   * @param brokers connection for tests
   * @param clock clock for tests
   * @throws ConfigError that names every invalid setting
   */
  constructor(
    config: ProducerConfig,
    { brokers, clock = SYSTEM_CLOCK }: { readonly brokers?: Brokers; readonly clock?: Clock } = {},
  ) {
    this.#config = config
    this.#settings = resolveSettings(config)
    const connection = brokers ?? new ProducerConnection(() => createClient(config, this.#settings))
    this.#records = new RecordProducer(connection, this.#settings, {
      clock,
      warn: line => this.#warn(line),
    })
  }

  /**
   * Publishes an event and waits until Kafka has acknowledged it. Many calls can be in progress at once. If each call is awaited
   * before the next call, every event takes at least the linger time.
   *
   * @returns the position of the event in the log
   * @throws DeliveryFailed or InvalidEvent
   */
  publish(event: Event | CloudEventLike, options?: PublishOptions): Promise<Delivered> {
    const { promise, resolve, reject } = Promise.withResolvers<Delivered>()
    const report: Report = report => {
      this.#tell(report)
      if (report.isDelivered) resolve(report)
      else reject(new DeliveryFailed('failed', report.error))
    }
    try {
      this.#take(event, options, report)
    } catch (error) {
      reject(error)
    }
    return promise
  }

  /**
   * Accepts an event for publishing. Waits only while too many events are in flight. The outcome is passed to
   * `onDelivery`; without it, a failure is logged as a warning.
   *
   * @throws DeliveryFailed or InvalidEvent
   */
  async enqueue(event: Event | CloudEventLike, options?: PublishOptions): Promise<void> {
    this.#take(event, options, report => {
      if (!report.isDelivered && !this.#config.onDelivery) this.#warn(deliveryText(report))
      this.#tell(report)
    })
    await this.#records.waitForRoom()
  }

  /**
   * Sends all events and waits until they are settled, at most 30 seconds.
   *
   * @returns the number of events that are not settled, after logging a warning
   */
  async flush(withinMs = MAX_FLUSH_MS): Promise<number> {
    const left = await this.#records.drain(Math.min(withinMs, MAX_FLUSH_MS))
    if (left > 0) this.#warn(`Warning: ${formatMessageCount(left)} not delivered`)
    return left
  }

  metrics(): ProducerMetrics {
    return this.#records.metrics()
  }

  /** Flushes and disconnects. @returns the number of events that were not delivered */
  close(): Promise<number> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<number> {
    const left = await this.flush()
    await this.#records.close()
    return left
  }

  /** Accepts an event. Events are sent in the order of the calls. The outcome is reported later, never before this method returns. */
  #take(input: Event | CloudEventLike, options: PublishOptions | undefined, report: Report): void {
    if (this.#closing) throw new DeliveryFailed('closed')
    const event = normalizeEvent(input)
    const record = this.#createRecord(event, options)
    this.#records.accept(record, outcome => report(createDeliveryReport(event.id, record.topic, outcome)))
  }

  #createRecord(event: Event, { topic = this.#config.topic, key }: PublishOptions = {}): OutgoingRecord {
    const { mode, writer } = this.#config
    const recordKey = key === undefined ? (this.#config.key ?? defaultKey)(event) : key
    return toOutgoingRecord(topic, recordKey, writer ? encode(writer, event) : event, mode)
  }

  /**
   * Reports an outcome. An error in the application's callback is thrown separately, because it must not
   * affect the delivery of other events.
   */
  #tell(report: DeliveryReport): void {
    try {
      this.#config.onDelivery?.(report)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #warn(line: string): void {
    const { warn = warnOnTerminal } = this.#config
    warn(line)
  }
}

function encode(writer: DataWriter, event: Event): Event {
  try {
    return writer.write(event)
  } catch (cause) {
    throw new InvalidEvent(`the data does not match its schema: ${(cause as Error).message}`, { cause })
  }
}

/** Loads the client library only when it is needed, because some programs never publish. */
async function createClient({ kafka }: ProducerConfig, { clientId }: ProducerSettings) {
  const { kafkaClient } = await import('../adapters/kafka/client.ts')
  return kafkaClient({ ...kafka, clientId })
}

function formatMessageCount(count: number): string {
  return `${count} ${count === 1 ? 'message' : 'messages'}`
}
