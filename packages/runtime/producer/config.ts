import type { KafkaConnection } from '../adapters/kafka/client.ts'
import type { ContentMode } from '../cloudevents/writer.ts'
import type { Event } from '../consumer/event.ts'
import { type ProducerSettings, type ProfileName, producerSettings } from '../settings/producer.ts'
import type { EventOptions } from './create-event.ts'
import type { DeliveryReport } from './delivery.ts'
import type { ProducerSerialization } from './serializing.ts'

/** Where a producer publishes, and a profile, of which each setting can be given instead. */
export interface ProducerConfig extends Partial<ProducerSettings> {
  readonly kafka: Omit<KafkaConnection, 'clientId'>
  /** The topic of events that name no other. */
  readonly topic: string
  /** `balanced` by default. */
  readonly profile?: ProfileName
  /**
   * The record key of an event, which decides its partition; null spreads events evenly. By default the extension `partitionkey`,
   * or else `subject`: events of one subject stay in order.
   */
  readonly key?: (event: Event) => string | null
  /** `binary` by default: attributes are headers, and the value is the data. */
  readonly mode?: ContentMode
  /** Defaults for `createEvent`. */
  readonly event?: Pick<EventOptions, 'type' | 'source' | 'subject' | 'dataschema' | 'extensions'>
  /** Writes `data` as Avro or Protobuf instead of JSON. */
  readonly serialization?: ProducerSerialization
  /** Writes `data` in a format of your own. */
  readonly writer?: { write(event: Event): Event }
  /** Name for transactions: unique among running producers, and the same after a restart. */
  readonly transactionalId?: string
  /** After this time the brokers abort a transaction by themselves; milliseconds, 60,000 by default. */
  readonly transactionTimeoutMs?: number
  /** Called for every event, in the order of each partition. */
  readonly onDelivery?: (report: DeliveryReport) => void
  /** Where warnings go; standard error by default. */
  readonly warn?: (line: string) => void
}

/** Returns the settings in a configuration. @throws ConfigError naming every setting that is unknown or wrong */
export function settingsOf(config: ProducerConfig): ProducerSettings {
  const {
    kafka: _kafka,
    topic: _topic,
    profile,
    key: _key,
    mode: _mode,
    event: _event,
    serialization: _serialization,
    writer: _writer,
    transactionalId,
    transactionTimeoutMs: _transactionTimeoutMs,
    onDelivery: _onDelivery,
    warn: _warn,
    ...settings
  } = config
  // A transaction is a sequence, and its acknowledgements are those of all replicas.
  return producerSettings(profile, transactionalId === undefined ? settings : { acks: 'all', ...settings })
}

/** Returns the extension "Partitioning" of CloudEvents, or else the subject. */
export function defaultKey({ extensions, subject }: Event): string | null {
  return extensions?.partitionkey ?? subject ?? null
}
