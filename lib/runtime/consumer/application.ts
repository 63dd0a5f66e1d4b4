/**
 * Describes the application to the engine: its topics, the topics and event types that the engine itself uses, and how to read
 * the data of events. The engine knows no other topics, types or schemas.
 */
import type { Event } from './event.ts'
import type { Failure } from './failure-codes.ts'

/**
 * An application declares its types here once, in a `declare module` of this file: `topic` is the union of its topic names. The
 * compiler then rejects an emission to any other topic. Without it, every string compiles, and the runtime rejects the step.
 *
 * @public
 */
// biome-ignore lint/suspicious/noEmptyInterface: an application adds its members
export interface Declared {}

/** The name of a topic within the application, as in `Emission.to`. Its name in Kafka may differ. */
export type TopicName = Declared extends { readonly topic: infer Name extends string } ? Name : string

/** The settings of a topic that the engine uses. */
export interface TopicSettings {
  readonly partitions: number
  readonly keptDays: number
  readonly maxMessageBytes: number
}

export interface Application {
  /** By name within the application. */
  readonly topics: Readonly<Record<string, TopicSettings>>
  /** The name of the topic in Kafka, in an environment. */
  kafkaTopic(name: TopicName, env: string): string
  /** The topic with this name in Kafka, in any environment; undefined if it does not belong to the application. */
  topicNamed(kafkaTopic: string): TopicSettings | undefined
  /** Receives records that cannot be processed. */
  readonly failuresTopic: TopicName
  /** Where failed records end up. A record can be redriven until the topic's retention has passed. */
  readonly deadLettersTopic: TopicName
  /** CloudEvents attributes of the event that carries a failure. */
  readonly failureEvent: { readonly type: string; readonly dataschema: string }
  /** CloudEvents type of the ticks that keep the log's clock moving. Consumers never see them. */
  readonly tickType: string
  /** Event types that have a reason of their own, instead of `not-mine`, if a consumer does not accept them: reason by type. */
  readonly ignoredTypes: ReadonlyMap<string, string>
  /** The data of an event as consumers see it, or why it cannot be used. Pure. */
  readData(event: Event): EventData | Failure
}

export interface EventData {
  readonly kind: 'data'
  /** Undefined if the event has none. */
  readonly data: unknown
}

/** @throws Error if the application has no such topic */
export function topicOf({ topics }: Pick<Application, 'topics'>, name: TopicName): TopicSettings {
  const topic = topics[name]
  if (!topic)
    throw new Error(`there is no topic "${name}": the application has ${Object.keys(topics).join(', ')}`)
  return topic
}
