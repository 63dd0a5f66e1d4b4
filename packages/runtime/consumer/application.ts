/** Describes the application to the engine, which knows no other topics, types or schemas. */
import type { DataFormat } from './data-format.ts'
import type { TopicName } from './declared.ts'
import type { Event } from './event.ts'
import type { Failure } from './failure-codes.ts'
import type { SerializedType } from './serialization.ts'

/** The settings of a topic that the engine uses. */
export interface TopicSettings {
  readonly partitions: number
  readonly keptDays: number
  readonly maxMessageBytes: number
  /** Ticks are appended to each partition, as `parking` needs it. Absent: it is not known. */
  readonly isTicked?: boolean
}

/** An application, as the engine sees it. `application()` makes one with defaults. */
export interface Application {
  /**
   * Lower-case letters, digits and "-". It begins the names that others see: of `shop`, metrics have the namespace `Shop`, attributes
   * of spans are such as `shop.outcome`, and settings such as `SHOP_ENV`.
   */
  readonly name: string
  /** Topics by name within the application. */
  readonly topics: Readonly<Record<string, TopicSettings>>
  /** The name of the topic in Kafka, in an environment. */
  kafkaTopic(name: TopicName, env: string): string
  /** Returns the Kafka consumer group of a consumer for a topic, named in spans. By default, the consumer's name. */
  groupName?(consumer: string, env: string, kafkaTopic: string): string
  /** The topic with this name in Kafka, in any environment; undefined if it does not belong to the application. */
  topicNamed(kafkaTopic: string): TopicSettings | undefined
  /** Receives records that cannot be processed. */
  readonly failuresTopic: TopicName
  /** Where failed records end up. A record can be redriven until the topic's retention has passed. */
  readonly deadLettersTopic: TopicName
  /** CloudEvents attributes of the event that carries a failure. */
  readonly failureEvent: { readonly type: string; readonly dataschema?: string }
  /** CloudEvents type of the ticks that keep the log's clock moving. Only a process that accepts this type sees them. */
  readonly tickType: string
  /** Type of the events at which each process forgets the entity of their source and subject, if any. */
  readonly erasureType?: string
  /**
   * CloudEvents type of the events that say that a failed record of their partition is not retried any more. Their data has the
   * `consumer`, the id of the `failure` and the `digest` of the record, by `digestOf`. Absent: an entity that waits for a retry waits
   * for its bounds.
   */
  readonly failureEndedType?: string
  /** Milliseconds within which a failed record can be back for its first retry: the least for `parking`. */
  readonly firstRetryMs?: number
  /** An operator's next step, such as a command, by the reason of a wait or the code of a failure. */
  readonly remedies?: Readonly<Record<string, string>>
  /** Event types that have a reason of their own, instead of `not-mine`, if a consumer does not accept them: reason by type. */
  readonly ignoredTypes: ReadonlyMap<string, string>
  /**
   * A foreign record as the event that consumers see instead, or why it cannot be one; undefined if the record stays what it is.
   * The id must follow from the record: it is read again after a redelivery and at a redrive. Pure.
   *
   * @param event the event in the record, which may be of a foreign type; undefined if the record is no CloudEvent
   */
  readForeign?(record: ForeignRecord, event?: Event): Event | Failure | undefined
  /** Passes malformed CloudEvents to `readForeign`, too: for a consumer that lists broken records instead of failing them. */
  readonly readsMalformed?: true
  /** Returns the shipped schema of an event type, for data without the id of a schema in a registry. */
  packagedSchema?(type: string, format: Exclude<DataFormat, 'json'>): Promise<PackagedSchema | undefined>
  /** Adds the empty lists and maps of a type, which Protobuf leaves out. May change the data itself. */
  withEmptyCollections?(type: string, data: unknown): unknown
  /** The types whose data can be written in other formats than JSON. Absent: none. */
  readonly serializedTypes?: readonly SerializedType[]
  /** The subjects of a schema registry in which the packaged schema of the type can be registered. By default, the type. */
  schemaSubjects?(type: string, format: Exclude<DataFormat, 'json'>, env: string): readonly string[]
  /** The data of an event as consumers see it, or why it cannot be used. Pure. */
  readData(event: Event): EventData | Failure
}

/** A schema in its own language, and the files that it imports. */
export interface PackagedSchema {
  readonly text: string
  readonly references: readonly { readonly name: string; readonly text: string }[]
  /** CloudEvents `dataschema` of events whose data is written with it. */
  readonly dataschema?: string
}

/** A record that the application may know. */
export interface ForeignRecord {
  readonly topic: string
  /** Where it was written first: a redriven record is the one that failed. */
  readonly partition: number
  readonly offset: number
  /** The timestamp of the record there, in milliseconds since the epoch. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | readonly number[]])[]
}

/** The data of an event that can be used. */
export interface EventData {
  readonly kind: 'data'
  /** Undefined if the event has none. */
  readonly data: unknown
}

/** The application's remedy as the end of a message; empty if it has none. */
export function remedyFor({ remedies = {} }: Pick<Application, 'remedies'>, reason: string): string {
  return Object.hasOwn(remedies, reason) ? `: ${remedies[reason]}` : ''
}

/** @throws Error if the application has no such topic */
export function topicOf({ topics }: Pick<Application, 'topics'>, name: TopicName): TopicSettings {
  const topic = topics[name]
  if (!topic)
    throw new Error(`there is no topic "${name}": the application has ${Object.keys(topics).join(', ')}`)
  return topic
}

/** The application's first topic: what a test reads if it names none. */
export function firstTopicOf({ topics }: Pick<Application, 'topics'>): TopicName {
  const [first] = Object.keys(topics)
  if (first === undefined) throw new Error('the application has no topic')
  return first as TopicName
}

/**
 * The tick of one partition for one run of a schedule, without data. A repeated run makes the same event.
 *
 * @param at RFC 3339
 */
export function tickOf({ tickType }: Pick<Application, 'tickType'>, partition: number, at: string): Event {
  return { id: `${at}/${partition}`, source: '/clock', type: tickType, time: at }
}
