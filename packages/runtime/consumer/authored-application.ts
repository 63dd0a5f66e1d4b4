/** Describes an application in a few lines: what its author does not choose has a default. */
import type { Application, ForeignRecord, TopicSettings } from './application.ts'
import { ConfigError } from './author-errors.ts'
import {
  type AuthoredProcess,
  authoredProcess,
  type EventHandler,
  type ProcessHandlers,
  type TypedEvent,
} from './authored-process.ts'
import type { TopicName } from './declared.ts'
import type { Event } from './event.ts'
import type { Failure } from './failure-codes.ts'
import { type DataOf, type EventSchemas, schemaReader } from './standard-schema.ts'

/** A foreign record, and the name of its topic within the application. */
export interface TopicRecord extends ForeignRecord {
  readonly name: string
}

/** Makes events of the records of an application that are not CloudEvents: `json()` makes one. */
export interface TopicReader {
  (record: TopicRecord, event?: Event): Event | Failure | undefined
  /** The types of the events that it makes of these topics, as far as they are known. */
  readonly types?: (topics: readonly string[]) => readonly string[]
}

type Optional = Omit<
  Application,
  'topics' | 'topicNamed' | 'failuresTopic' | 'deadLettersTopic' | 'readForeign' | 'readData'
>

/** Names, topics and schemas of an application: only `topics` has no default. */
export interface ApplicationOptions<Topic extends string, Schemas extends EventSchemas>
  extends Partial<Optional> {
  /** Names, or settings by name. */
  readonly topics: readonly Topic[] | Readonly<Record<Topic, Partial<TopicSettings>>>
  /** Names a topic `<prefix>.<name>.<env>` in Kafka. Absent: its name alone. `kafkaTopic` chooses other names. */
  readonly prefix?: string
  /** Schemas by event type: data that does not fit is a failure, and a process gets what its schema makes of it. */
  readonly events?: Schemas
  /** Reads records that are not CloudEvents. */
  readonly read?: TopicReader
  /** Receives records that cannot be processed; `failures` by default. It need not be one of the topics. */
  readonly failuresTopic?: string
  /** Final topic of failed records; by default the topic for failures. */
  readonly deadLettersTopic?: string
}

/** Handlers by event type: of any type, if the application has no schemas. */
type HandlersByType<State, Data, Schemas extends EventSchemas, Topic extends string> = [
  keyof Schemas,
] extends [never]
  ? Readonly<Record<string, EventHandler<State, TypedEvent<Data>, Topic>>>
  : {
      readonly [Type in keyof Schemas & string]?: EventHandler<
        State,
        TypedEvent<DataOf<Schemas[Type]>, Type>,
        Topic
      >
    }

/** An application that makes processes. */
export interface AuthoredApplication<Topic extends string, Schemas extends EventSchemas> extends Application {
  /**
   * Makes a process of handlers. Without a schema, `Data` is what its author claims.
   *
   * @param name consumer group, prefix in Redis and dimension of the metrics: a renamed process starts without any state
   */
  process<State, Data = DataOf<Schemas[keyof Schemas]>>(
    name: string,
    handlers: ProcessHandlers<State, Data, HandlersByType<State, Data, Schemas, Topic>, Topic>,
  ): AuthoredProcess<State>
}

const MiB = 1024 * 1024
const TOPIC: TopicSettings = { partitions: 3, keptDays: 7, maxMessageBytes: MiB }
/** A failure record carries the original bytes as base64. */
const FAILURES: TopicSettings = { partitions: 3, keptDays: 30, maxMessageBytes: 2 * MiB }

/** The names that `Application` allows. */
const NAME = /^[a-z][a-z0-9-]{0,30}$/

/** The environments that the settings allow. */
const ENVIRONMENT = /^[a-z0-9-]{1,20}$/

/**
 * Describes an application to the engine.
 *
 * @throws ConfigError if a schema is asynchronous, or the name is not allowed
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
  const given: [string, Partial<TopicSettings>][] = Array.isArray(listed)
    ? listed.map(name => [name, {}])
    : Object.entries(listed)
  const topics = topicsOf(given, [failuresTopic, deadLettersTopic])
  const kafkaTopic =
    options.kafkaTopic ?? ((name, env) => (prefix === undefined ? name : `${prefix}.${name}.${env}`))
  const nameOf = namesIn(Object.keys(topics), kafkaTopic)
  const described: Application = {
    name,
    failureEvent: { type: `${name}.failure` },
    tickType: `${name}.tick`,
    ignoredTypes: new Map(),
    ...chosen,
    topics,
    kafkaTopic,
    topicNamed: topic => topics[nameOf(topic) ?? ''],
    failuresTopic: failuresTopic as TopicName,
    deadLettersTopic: deadLettersTopic as TopicName,
    ...(read && {
      readForeign: (record: ForeignRecord, event?: Event) =>
        read({ ...record, name: nameOf(record.topic) ?? record.topic }, event),
    }),
    readData: schemaReader(events),
  }
  const types = [...new Set([...Object.keys(events), ...(read?.types?.(given.map(([name]) => name)) ?? [])])]
  return {
    ...described,
    process: (consumer, handlers) => authoredProcess(described, consumer, handlers as never, types) as never,
  }
}

/** Topics for failures come last: a test reads the first topic by default. */
function topicsOf(
  given: readonly (readonly [string, Partial<TopicSettings>])[],
  forFailures: readonly string[],
): Readonly<Record<string, TopicSettings>> {
  const topics: Record<string, TopicSettings> = {}
  for (const [name, settings] of [...given, ...forFailures.map(name => [name, {}] as const)])
    topics[name] ??= { ...(forFailures.includes(name) ? FAILURES : TOPIC), ...settings }
  return topics
}

/** Stands for the environment in the name of a topic. No topic in Kafka can have this character. */
const ANY_ENV = '*'

/** Finds the name of a topic within the application by its name in Kafka, in any environment. */
function namesIn(
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
