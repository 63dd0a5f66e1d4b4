/** Describes the application to the engine, which has no built-in topics, event types or schemas. */
import type { DataFormat } from './data-format.ts'
import type { TopicName } from './declared.ts'
import type { Event } from './event.ts'
import type { Failure } from './failure-codes.ts'
import type { SerializedType } from './serialization.ts'

/** Settings of a topic that the engine uses. */
export interface TopicSettings {
  readonly partitions: number
  readonly keptDays: number
  readonly maxMessageBytes: number
  /** True if ticks are appended to each partition, which `parking` requires. Undefined if unknown. */
  readonly isTicked?: boolean
}

/** Description of an application for the engine. Use `application()` to create one with defaults. */
export interface Application {
  /**
   * Name of the application: lower-case letters, digits and "-". External names are derived from it. For `shop`, metrics have the
   * namespace `Shop`, span attributes have names such as `shop.outcome`, and settings have names such as `SHOP_ENV`.
   */
  readonly name: string
  /** Topics by their names within the application. */
  readonly topics: Readonly<Record<string, TopicSettings>>
  /** Returns the Kafka name of the topic in an environment. */
  kafkaTopic(name: TopicName, env: string): string
  /** Returns the Kafka consumer group of a consumer for a topic, named in spans. By default, the consumer's name. */
  groupName?(consumer: string, env: string, kafkaTopic: string): string
  /**
   * Returns the settings of the topic with this Kafka name, in any environment; undefined if the topic does
   * not belong to the application.
   */
  topicNamed(kafkaTopic: string): TopicSettings | undefined
  /** Topic for records that cannot be processed. */
  readonly failuresTopic: TopicName
  /** Final topic of failed records. A record can be redriven until the topic's retention has passed. */
  readonly deadLettersTopic: TopicName
  /** CloudEvents attributes of failure events. */
  readonly failureEvent: { readonly type: string; readonly dataschema?: string }
  /** CloudEvents type of ticks, which keep the log's clock moving. Only processes that accept this type receive them. */
  readonly tickType: string
  /** CloudEvents type of erasure events. On such an event, each process forgets the entity with the event's source and subject. */
  readonly erasureType?: string
  /**
   * CloudEvents type of events that end the retries of a failed record in their partition. Their data
   * contains the `consumer`, the id of the `failure`, and the `digest` of the record, computed by `digestOf`.
   * If absent, an entity waits for a retry until a parking limit is reached.
   */
  readonly failureEndedType?: string
  /** Time within which a failed record can return for its first retry, in milliseconds. The minimum of `parking.forMs`. */
  readonly firstRetryMs?: number
  /** Next steps for an operator, such as a command, by the reason of a wait or the code of a failure. */
  readonly remedies?: Readonly<Record<string, string>>
  /** Reasons by event type, which replace `not-mine` if a consumer does not accept the type. */
  readonly ignoredTypes: ReadonlyMap<string, string>
  /**
   * Converts a record in a foreign format to the event that consumers receive instead. Returns a failure if
   * the record cannot be converted, and undefined if it remains unchanged. The id must be derived from the
   * record, which is read again after a redelivery or a redrive. Pure.
   *
   * @param event event in the record, possibly of a foreign type; undefined if the record is not a CloudEvent
   */
  readForeign?(record: ForeignRecord, event?: Event): Event | Failure | undefined
  /**
   * If true, malformed CloudEvents are passed to `readForeign` as well. For a consumer that lists broken
   * records instead of failing them.
   */
  readonly readsMalformed?: true
  /** Returns the packaged schema of an event type, for data without the schema id of a registry. */
  packagedSchema?(type: string, format: Exclude<DataFormat, 'json'>): Promise<PackagedSchema | undefined>
  /** Adds empty lists and maps to the data of a type, because Protobuf omits them. May modify the data in place. */
  withEmptyCollections?(type: string, data: unknown): unknown
  /** Event types whose data can be written in formats other than JSON; none if absent. */
  readonly serializedTypes?: readonly SerializedType[]
  /** Returns the registry subjects under which the packaged schema of the type can be registered. By default, the type. */
  schemaSubjects?(type: string, format: Exclude<DataFormat, 'json'>, env: string): readonly string[]
  /** Returns the data of an event as consumers receive it, or a failure if the data is invalid. Pure. */
  readData(event: Event): EventData | Failure
}

/** A schema in its own language, with the files that it imports. */
export interface PackagedSchema {
  readonly text: string
  readonly references: readonly { readonly name: string; readonly text: string }[]
  /** CloudEvents `dataschema` of events that are written with this schema. */
  readonly dataschema?: string
}

/** A record that the application may be able to convert. */
export interface ForeignRecord {
  readonly topic: string
  /** Original position of the record; a redriven record has the position of the record that failed. */
  readonly partition: number
  readonly offset: number
  /** Timestamp of the record at that position, in milliseconds since the epoch. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | readonly number[]])[]
}

/** Valid data of an event. */
export interface EventData {
  readonly kind: 'data'
  /** Undefined if the event has no data. */
  readonly data: unknown
}

/** Returns the application's remedy as the end of a message; an empty string if there is none. */
export function remedyFor({ remedies = {} }: Pick<Application, 'remedies'>, reason: string): string {
  return Object.hasOwn(remedies, reason) ? `: ${remedies[reason]}` : ''
}

/** Returns the settings of a topic. @throws Error if the application has no such topic */
export function topicOf({ topics }: Pick<Application, 'topics'>, name: TopicName): TopicSettings {
  const topic = topics[name]
  if (!topic)
    throw new Error(`there is no topic "${name}": the application has ${Object.keys(topics).join(', ')}`)
  return topic
}

/** Returns the application's first topic, which a test reads by default. */
export function firstTopicOf({ topics }: Pick<Application, 'topics'>): TopicName {
  const [first] = Object.keys(topics)
  if (first === undefined) throw new Error('the application has no topic')
  return first as TopicName
}

/**
 * Returns the tick of one partition for one run of a schedule, without data. A repeated run returns the same event.
 *
 * @param at time of the run, RFC 3339
 */
export function tickOf({ tickType }: Pick<Application, 'tickType'>, partition: number, at: string): Event {
  return { id: `${at}/${partition}`, source: '/clock', type: tickType, time: at }
}
