/** Creates the description of an application from a few options. Every option except `topics` has a default. */
import type { Application, ForeignRecord, TopicSettings } from './application.ts'
import { ConfigError } from './author-errors.ts'
import {
  type AuthoredProcess,
  defineProcess,
  type EventHandler,
  type ProcessHandlers,
  type TypedEvent,
} from './define-process.ts'
import type { Event } from './event.ts'
import type { Failure } from './failure-codes.ts'
import type { SegmentSink } from './segment-sink.ts'
import type { Sink } from './sink.ts'
import { type DataOf, type EventSchemas, schemaReader } from './standard-schema.ts'
import type { TopicName } from './topic-name.ts'

/** A foreign record with the name of its topic within the application. */
export interface TopicRecord extends ForeignRecord {
  readonly name: string
}

/** Function that converts records which are not CloudEvents to events. `json()` returns such a function. */
export interface TopicReader {
  (record: TopicRecord, event?: Event): Event | Failure | undefined
  /** Returns the types of the events that are read from these topics, as far as they are known in advance. */
  readonly types?: (topics: readonly string[]) => readonly string[]
}

type Optional = Omit<
  Application,
  'topics' | 'topicNamed' | 'failuresTopic' | 'deadLettersTopic' | 'readForeign' | 'readData'
>

/** Topics, names and schemas of an application. Only `topics` is required. */
export interface ApplicationOptions<Topic extends string, Schemas extends EventSchemas>
  extends Partial<Optional> {
  /** Names of the topics, or an object with the settings of each topic. */
  readonly topics: readonly Topic[] | Readonly<Record<Topic, Partial<TopicSettings>>>
  /**
   * Prefix of Kafka topic names. With a prefix, the names are `<prefix>.<name>.<env>`; without one, they are just `<name>`. For any
   * other naming scheme, use `kafkaTopic`.
   */
  readonly prefix?: string
  /** Schemas by event type. An event whose data does not match fails. A process receives the output of the schema. */
  readonly events?: Schemas
  /** Converts records that are not CloudEvents. */
  readonly read?: TopicReader
  /** Topic to which failure records are sent; `failures` by default. It need not be listed in `topics`. */
  readonly failuresTopic?: string
  /** Topic in which failed records finally remain; by default, the topic for failure records. */
  readonly deadLettersTopic?: string
}

/** Handlers by event type. Without schemas, any string is allowed as a type. */
type HandlersByType<State, Data, Context, Schemas extends EventSchemas, Topic extends string> = [
  keyof Schemas,
] extends [never]
  ? Readonly<Record<string, EventHandler<State, TypedEvent<Data>, Context, Topic>>>
  : {
      readonly [Type in keyof Schemas & string]?: EventHandler<
        State,
        TypedEvent<DataOf<Schemas[Type]>, Type>,
        Context,
        Topic
      >
    }

/** A sink or a segment sink together with its application. `kafkaHandler` and `SinkKit` need no other argument. */
export type AuthoredSink<S extends Sink<never> | SegmentSink<never>> = S & {
  readonly application: Application
}

/** A sink without its name. By default, it accepts all types that the application knows. */
type Unnamed<S extends Sink<never> | SegmentSink<never>> = Omit<S, 'name' | 'accepts'> &
  Partial<Pick<S, 'accepts'>>

/** An application with methods that define its consumers. */
export interface AuthoredApplication<Topic extends string, Schemas extends EventSchemas> extends Application {
  /**
   * Defines a process by its handlers. Without a schema, the data is not checked against `Data` at run time.
   *
   * @param name name of the process, which is also its consumer group, its prefix in Redis and a dimension of its metrics. A
   *   renamed process starts without any state.
   * @throws ConfigError if no event can reach a handler, because its type is missing or has no schema in `events`
   */
  process<State, Data = DataOf<Schemas[keyof Schemas]>, Context = void>(
    name: string,
    handlers: ProcessHandlers<
      State,
      Data,
      Context,
      HandlersByType<State, Data, Context, Schemas, Topic>,
      Topic
    >,
  ): AuthoredProcess<State>
  /** Defines a segment sink, with the name of its consumer group. A renamed sink writes all segments again. */
  sink<Data = DataOf<Schemas[keyof Schemas]>>(
    name: string,
    sink: Unnamed<SegmentSink<Data>>,
  ): AuthoredSink<SegmentSink<Data>>
  // Last, because TypeScript explains an error by the last overload.
  /** Defines a sink, with the name of its consumer group. A renamed sink delivers all events again. */
  sink<Data = DataOf<Schemas[keyof Schemas]>, Memory = unknown>(
    name: string,
    sink: Unnamed<Sink<Data, Memory>>,
  ): AuthoredSink<Sink<Data, Memory>>
}

const MiB = 1024 * 1024
const TOPIC: TopicSettings = { partitions: 3, keptDays: 7, maxMessageBytes: MiB }
/** Settings of the topic for failure records. Its size limit is high because these contain the original bytes as base64. */
const FAILURES: TopicSettings = { partitions: 3, keptDays: 30, maxMessageBytes: 2 * MiB }

/** Valid names of an application. */
const NAME = /^[a-z][a-z0-9-]{0,30}$/

/** Valid names of an environment. */
const ENVIRONMENT = /^[a-z0-9-]{1,20}$/

/**
 * Creates the description of an application.
 *
 * @throws ConfigError if the name is invalid or a schema validates asynchronously
 */
export function application<
  const Topic extends string,
  const Schemas extends EventSchemas = Record<never, never>,
>(options: ApplicationOptions<Topic, Schemas>): AuthoredApplication<Topic, Schemas> {
  const { name = 'app', topics: listed, prefix, events = {}, read, ...chosen } = options
  const { failuresTopic = 'failures', deadLettersTopic = failuresTopic } = options
  if (!NAME.test(name))
    throw new ConfigError('the application', [
      'name: must be up to 31 lower-case letters, digits and "-", the first a letter',
    ])
  const topicEntries: [string, Partial<TopicSettings>][] = Array.isArray(listed)
    ? listed.map(name => [name, {}])
    : Object.entries(listed)
  const topics = resolveTopics(topicEntries, [failuresTopic, deadLettersTopic])
  const kafkaTopic =
    options.kafkaTopic ?? ((name, env) => (prefix === undefined ? name : `${prefix}.${name}.${env}`))
  const findTopicName = createTopicNameFinder(Object.keys(topics), kafkaTopic)
  const described: Application = {
    name,
    failureEvent: { type: `${name}.failure` },
    tickType: `${name}.tick`,
    ignoredTypes: new Map(),
    ...chosen,
    topics,
    kafkaTopic,
    topicNamed: topic => topics[findTopicName(topic) ?? ''],
    failuresTopic: failuresTopic as TopicName,
    deadLettersTopic: deadLettersTopic as TopicName,
    ...(read && {
      readForeign: (record: ForeignRecord, event?: Event) =>
        read({ ...record, name: findTopicName(record.topic) ?? record.topic }, event),
    }),
    readData: schemaReader(events),
  }
  const types = [
    ...new Set([...Object.keys(events), ...(read?.types?.(topicEntries.map(([name]) => name)) ?? [])]),
  ]
  return {
    ...described,
    process: (consumer, handlers) => {
      const unknown = Object.keys(handlers.on ?? {}).filter(type => !types.includes(type))
      if (Object.keys(events).length > 0 && unknown.length > 0)
        throw new ConfigError(`the process "${consumer}"`, [
          `on has a handler for "${unknown.join(', ')}": add its schema to events of the application`,
        ])
      return {
        ...defineProcess(consumer, { ...(types.length > 0 && { accepts: types }), ...handlers } as never),
        application: described,
      }
    },
    sink: (consumer: string, sink: Unnamed<Sink<never>> & Unnamed<SegmentSink<never>>) => ({
      accepts: types,
      ...sink,
      name: consumer,
      application: described,
    }),
  }
}

/** Adds the topics for failures at the end, because tests read the first topic by default. */
function resolveTopics(
  topicEntries: readonly (readonly [string, Partial<TopicSettings>])[],
  forFailures: readonly string[],
): Readonly<Record<string, TopicSettings>> {
  const topics: Record<string, TopicSettings> = {}
  for (const [name, settings] of [...topicEntries, ...forFailures.map(name => [name, {}] as const)])
    topics[name] ??= { ...(forFailures.includes(name) ? FAILURES : TOPIC), ...settings }
  return topics
}

/** Placeholder for the environment in the name of a topic. Kafka topic names cannot contain this character. */
const ANY_ENV = '*'

/** Returns a function that converts the Kafka name of a topic, in any environment, to its name within the application. */
function createTopicNameFinder(
  names: readonly string[],
  kafkaTopic: Application['kafkaTopic'],
): (topic: string) => string | undefined {
  const forms = names.map(name => ({ name, parts: kafkaTopic(name as TopicName, ANY_ENV).split(ANY_ENV) }))
  return topic =>
    forms.find(({ parts: [before = '', after] }) => {
      if (after === undefined) return topic === before
      const env = topic.slice(before.length, topic.length - after.length)
      return topic.startsWith(before) && topic.endsWith(after) && ENVIRONMENT.test(env)
    })?.name
}
