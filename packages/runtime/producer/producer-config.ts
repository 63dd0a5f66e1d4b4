import type { KafkaConnection } from '../adapters/kafka/client.ts'
import type { ContentMode } from '../cloudevents/writer.ts'
import type { Event } from '../consumer/event.ts'
import { type ProducerSettings, type ProfileName, producerSettings } from '../settings/producer.ts'
import type { DeliveryReport } from './delivery-report.ts'

/** Configuration of a producer. Each setting of the profile can be overridden. */
export interface ProducerConfig extends Partial<ProducerSettings> {
  readonly kafka: Omit<KafkaConnection, 'clientId'>
  /** Default topic of events. */
  readonly topic: string
  /** Profile of settings, `balanced` by default. */
  readonly profile?: ProfileName
  /**
   * Returns the record key of an event, which determines its partition; null distributes events evenly. The default is the
   * extension `partitionkey`, or else `subject`, so that events with the same subject stay in order.
   */
  readonly key?: (event: Event) => string | null
  /** Content mode, `binary` by default: attributes are headers, and the value is the data. */
  readonly mode?: ContentMode
  /** Serializes `data` in a format other than JSON. */
  readonly writer?: { write(event: Event): Event }
  /** Called for every event. Events of the same partition are reported in order. */
  readonly onDelivery?: (report: DeliveryReport) => void
  /** Receives warnings; by default, they are written to standard error. */
  readonly warn?: (line: string) => void
}

/**
 * Returns the settings of a configuration.
 *
 * @throws ConfigError that names every unknown or invalid setting
 */
export function resolveSettings(config: ProducerConfig): ProducerSettings {
  const {
    kafka: _kafka,
    topic: _topic,
    profile,
    key: _key,
    mode: _mode,
    writer: _writer,
    onDelivery: _onDelivery,
    warn: _warn,
    ...settings
  } = config
  return producerSettings(profile, settings)
}

/** Returns the CloudEvents "Partitioning" extension, or else the subject. */
export function defaultKey({ extensions, subject }: Event): string | null {
  return extensions?.partitionkey ?? subject ?? null
}
