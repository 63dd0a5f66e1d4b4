/** The description of an application for the engine. The engine itself has no topics, event types or schemas. */
import type { DataFormat } from './data-format.ts'
import type { Event } from './event.ts'
import type { Failure } from './failure-codes.ts'
import type { SerializedType } from './serialization.ts'
import type { TopicName } from './topic-name.ts'

/** Settings of a topic that the engine uses. */
export interface TopicSettings {
  readonly partitions: number
  readonly keptDays: number
  readonly maxMessageBytes: number
  /** True if ticks are appended to each partition of the topic, which `parking` requires. Undefined if unknown. */
  readonly isTicked?: boolean
}

/** Description of an application for the engine. Use `application()` to create one with defaults. */
export interface Application {
  /**
   * Name of the application: lower-case letters, digits and "-". External names are derived from it. For example, for `shop`, the
   * namespace of the metrics is `Shop`, span attributes have names such as `shop.outcome`, and settings have names such as
   * `SHOP_ENV`.
   */
  readonly name: string
  /** Topics by their names within the application. */
  readonly topics: Readonly<Record<string, TopicSettings>>
  /** Returns the Kafka name of the topic in an environment. */
  kafkaTopic(name: TopicName, env: string): string
  /** Returns the name of the consumer group for a topic, which is shown in spans. By default, it is the name of the consumer. */
  groupName?(consumer: string, env: string, kafkaTopic: string): string
  /**
   * Returns the settings of the topic with this Kafka name, in any environment. Returns undefined if the topic does not belong to
   * the application.
   */
  topicNamed(kafkaTopic: string): TopicSettings | undefined
  /** Topic to which failure records are sent. */
  readonly failuresTopic: TopicName
  /** Topic in which failed records finally remain. A record can be redriven until the retention of this topic has passed. */
  readonly deadLettersTopic: TopicName
  /** CloudEvents attributes of failure events. */
  readonly failureEvent: { readonly type: string; readonly dataschema?: string }
  /** CloudEvents type of ticks, which advance the log's clock. Only processes that accept this type receive them. */
  readonly tickType: string
  /**
   * CloudEvents type of the events that mark the retries of a failed record as ended. Their data contains the `consumer`, the id of
   * the `failure`, and the `digest` of the record, computed by `computeDigest`. If absent, an entity waits for a retry until a parking
   * limit is reached.
   */
  readonly failureEndedType?: string
  /** Longest time until the first retry of a failed record, in milliseconds. `parking.forMs` must be at least this long. */
  readonly firstRetryMs?: number
  /** Instructions for operators, such as a command, by the reason of a wait or the code of a failure. */
  readonly remedies?: Readonly<Record<string, string>>
  /** Returns an instruction for a failure in a topic; undefined if there is none beyond `remedies`. It becomes a part of the failure's message. */
  adviseOnFailure?(failure: AdvisedFailure, kafkaTopic: string): string | undefined
  /** Reasons for ignoring events, by event type. They replace the reason `not-mine` if a consumer does not accept the type. */
  readonly ignoredTypes: ReadonlyMap<string, string>
  /**
   * Converts a record in a foreign format to the event that consumers receive instead. Returns a failure if the record cannot be
   * converted, `IgnoredRecord` if it contains no event, and undefined if the record should stay unchanged. The id of the event must be derived from the record, because the
   * record may be read again after a redelivery or a redrive. Must be pure.
   *
   * @param event event in the record, possibly of a foreign type; undefined if the record is not a CloudEvent
   */
  readForeign?(record: ForeignRecord, event?: Event): Event | Failure | IgnoredRecord | undefined
  /**
   * Returns whether records of a topic are also read as events if their value is one in the JSON format and no header says so. None
   * are if absent, as the Kafka protocol binding demands.
   */
  takesWholeEvents?(this: void, kafkaTopic: string): boolean
  /**
   * True to also pass malformed CloudEvents to `readForeign`. Intended for a consumer that lists broken records instead of failing
   * them.
   */
  readonly readsMalformed?: true
  /** Returns the packaged schema of an event type. It is used for data without the schema id of a registry. */
  packagedSchema?(type: string, format: Exclude<DataFormat, 'json'>): Promise<PackagedSchema | undefined>
  /** Adds empty lists and maps that are missing in the data of a type, because Protobuf omits them. May modify the data. */
  withEmptyCollections?(type: string, data: unknown): unknown
  /** Event types whose data can be written in formats other than JSON; none if absent. */
  readonly serializedTypes?: readonly SerializedType[]
  /** Returns the registry subjects under which the packaged schema of the type may be registered; by default, only the type. */
  schemaSubjects?(type: string, format: Exclude<DataFormat, 'json'>, env: string): readonly string[]
  /** Validates the data of an event. Returns the data as consumers receive it, or a failure if it is invalid. Must be pure. */
  readData(event: Event): EventData | Failure
}

/** Parts of a failure on which an instruction depends. */
export interface AdvisedFailure extends Pick<Failure, 'aheadMs'> {
  readonly code: string
}

/** An application that depends on settings: it is built from those of the handler when the function starts. */
export interface ConfiguredApplication {
  readonly name: string
  readonly remedies?: Application['remedies']
  /** @param config settings of the handler, with those of its `slices` */
  build(config: never): Application
}

/** Returns the application, built from the settings of a handler if it depends on them. */
export function resolveApplication(
  application: Application | ConfiguredApplication,
  config: object,
): Application {
  return 'build' in application ? application.build(config as never) : application
}

/** A schema in its own schema language, with the files that it imports. */
export interface PackagedSchema {
  readonly text: string
  readonly references: readonly { readonly name: string; readonly text: string }[]
  /** CloudEvents attribute `dataschema` of events that are written with this schema. */
  readonly dataschema?: string
}

/** A record that the application may be able to convert to an event. */
export interface ForeignRecord {
  readonly topic: string
  /** Original partition of the record. For a redriven record, the position is the position of the failed record. */
  readonly partition: number
  readonly offset: number
  /** Identity of the log at that position, if the consumer reads logs of other applications. */
  readonly log?: string
  /** Timestamp of the record at its original position, in milliseconds since the epoch. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer | readonly number[] | null])[]
}

/** Record that is acknowledged without an event. The reason is counted. */
export interface IgnoredRecord {
  readonly kind: 'ignored'
  readonly reason: string
}

/** Valid data of an event. */
export interface EventData {
  readonly kind: 'data'
  /** Data; undefined if the event has no data. */
  readonly data: unknown
}

/** Returns the application's instructions for operators, to be appended to a message; an empty string if none exist. */
export function remedyFor(
  { remedies = {}, adviseOnFailure }: Pick<Application, 'remedies' | 'adviseOnFailure'>,
  reason: AdvisedFailure,
  kafkaTopic?: string,
): string {
  const remedy = Object.hasOwn(remedies, reason.code) ? remedies[reason.code] : undefined
  const advice = remedy ?? (kafkaTopic === undefined ? undefined : adviseOnFailure?.(reason, kafkaTopic))
  return advice === undefined ? '' : `: ${advice}`
}

/** Returns the settings of a topic. @throws Error if the application does not have the topic */
export function requireTopicSettings(
  { topics }: Pick<Application, 'topics'>,
  name: TopicName,
): TopicSettings {
  const topic = topics[name]
  if (!topic)
    throw new Error(`there is no topic "${name}": the application has ${Object.keys(topics).join(', ')}`)
  return topic
}

/** Returns the first topic of the application. Tests read this topic by default. */
export function requireFirstTopic({ topics }: Pick<Application, 'topics'>): TopicName {
  const [first] = Object.keys(topics)
  if (first === undefined) throw new Error('the application has no topic')
  return first as TopicName
}

/**
 * Returns the tick for one partition and one scheduled run. It has no data. A repeated run returns the same event.
 *
 * @param at time of the run, RFC 3339
 */
export function createTick(
  { tickType }: Pick<Application, 'tickType'>,
  partition: number,
  at: string,
): Event {
  return { id: `${at}/${partition}`, source: '/clock', type: tickType, time: at }
}
