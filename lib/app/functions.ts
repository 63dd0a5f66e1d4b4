/**
 * Reads the list of functions from the entries of serverless.yml. The framework's plugin expands the entries,
 * and every tool and test that needs the functions reads them here, so that there is only one list.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suggestion } from '../similar.ts'
import { yamlContent } from '../yaml-document.ts'
import type { TopicMappings } from './settings/mappings.ts'
import { groupName, RETRY_TOPICS, type Signal, type TopicWord, topicName, topicsOf } from './topics.ts'

/**
 * Conditions under which a schedule is enabled, see `infra/schedules.ts`. A schedule without a condition is
 * enabled together with the clock.
 */
export const CONDITIONS = ['generator', 'checkpoints'] as const
type Condition = (typeof CONDITIONS)[number]

/** Keys of a function entry that Sluice adds to those of the framework. Their schema is in `infra/functions-schema.ts`. */
export interface FunctionKeys {
  /**
   * The signal that it reads, with its sub-signals: each topic as a consumer group of its own, as a group is for one event source.
   * See `functionProblems`.
   */
  readonly consumes?: Signal | readonly Signal[]
  /** Topics that a forwarder reads on its schedule. It keeps its offsets itself. */
  readonly forwards?: TopicWord | readonly TopicWord[]
  /** Topics that the function writes. See `TOPIC_GROUPS` for names of groups of topics. */
  readonly emits?: TopicWord | readonly TopicWord[]
  /** Names of resources that the function uses, from the table in `infra/uses.ts`. */
  readonly uses?: string | readonly string[]
  /** Full names of foreign Kafka topics, instead of `consumes`. */
  readonly foreignTopics?: string | readonly string[]
  /**
   * The mappings by which it reads records of foreign forms, instead of those of its topic: files of `config/mappings/`, asked in
   * this order. An empty list stands for none.
   */
  readonly mappings?: string | readonly string[]
  /** Schedule as a `rate(…)` or `cron(…)` expression. */
  readonly schedule?: string | { readonly rate: string; readonly if: Condition }
  /** Maximum number of records per batch. */
  readonly batchSize?: number
  readonly maximumBatchingWindow?: number
  readonly maximumPollers?: number
}

/** Entry of a function, with the one key of the framework that is read. */
type Entry = FunctionKeys & { readonly description?: string }

/** Function as declared by its entry, with defaults filled in. */
export interface DeclaredFunction {
  readonly name: string
  readonly description: string
  /** With sub-signals. Empty where no topic triggers it. */
  readonly consumes: readonly Signal[]
  readonly forwards: readonly Signal[]
  readonly emits: readonly Signal[]
  /** Topics that the function writes: those in `emits`, and the topic for its failures. */
  readonly writes: readonly Signal[]
  readonly uses: readonly string[]
  /** Undefined if its topic decides: see `mappingsOf`. */
  readonly mappings?: readonly string[]
  readonly foreignTopics: readonly string[]
  readonly schedule?: { readonly expression: string; readonly condition: Condition | 'clock' }
  readonly reading: typeof READING_DEFAULTS
}

/** Defaults for batches of a consumer. The window is in seconds. */
export const READING_DEFAULTS = {
  batchSize: 500 as number,
  maximumBatchingWindow: 1 as number,
  maximumPollers: 4 as number,
} as const

/** Returns the functions in the order of their entries. Pure. */
export function declaredFunctions(entries: Readonly<Record<string, Entry>>): DeclaredFunction[] {
  return Object.entries(entries).map(([name, entry]) => {
    const { schedule } = entry
    // Like the framework, a single name is accepted instead of a list.
    const uses = listed(entry.uses)
    const [consumes, forwards, emits] = [entry.consumes, entry.forwards, entry.emits].map(words =>
      topicsOf(listed(words)),
    ) as [Signal[], Signal[], Signal[]]
    const foreignTopics = listed(entry.foreignTopics)
    return {
      name,
      description: entry.description ?? '',
      consumes,
      forwards,
      emits,
      writes: [...emits, ...failuresOf([...consumes, ...forwards], foreignTopics)],
      uses,
      ...(entry.mappings === undefined ? {} : { mappings: listed(entry.mappings) }),
      foreignTopics,
      ...(schedule === undefined ? {} : { schedule: scheduleOf(schedule) }),
      reading: {
        batchSize: entry.batchSize ?? READING_DEFAULTS.batchSize,
        maximumBatchingWindow: entry.maximumBatchingWindow ?? READING_DEFAULTS.maximumBatchingWindow,
        maximumPollers: entry.maximumPollers ?? READING_DEFAULTS.maximumPollers,
      },
    }
  })
}

function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  return [value ?? []].flat() as T[]
}

/** Topics that carry failures. */
const WITH_FAILURES: readonly Signal[] = ['failures', ...RETRY_TOPICS]

/**
 * Returns the topic to which the function writes failures. A reader of failures writes none, because it would read its own again.
 */
function failuresOf(read: readonly Signal[], foreignTopics: readonly string[]): Signal[] {
  return read.length + foreignTopics.length === 0 || read.some(signal => WITH_FAILURES.includes(signal))
    ? []
    : ['failures']
}

function scheduleOf(schedule: NonNullable<FunctionKeys['schedule']>) {
  return typeof schedule === 'string'
    ? { expression: schedule, condition: 'clock' as const }
    : { expression: schedule.rate, condition: schedule.if }
}

/**
 * Possible locations of serverless.yml. In an image, the bundle with this code is one folder below the file;
 * in the project, this file is two folders below.
 */
const PLACES = ['../../serverless.yml', '../serverless.yml'].map(place => new URL(place, import.meta.url))

/** Returns the location of this project's serverless.yml, which contains the list of functions. */
export function serverlessFile(): URL | string {
  return PLACES.find(place => existsSync(place)) ?? 'serverless.yml'
}

/**
 * Reads the list of functions from a file. Variables are not resolved, so the keys of `FunctionKeys` must not contain any.
 *
 * @param file path or URL of the file; by default that of this project
 * @throws Error with file, line and column if the file is not valid YAML
 */
export function readFunctions(file: URL | string = serverlessFile()): DeclaredFunction[] {
  const filename = file instanceof URL ? fileURLToPath(file) : file
  const { functions } = yamlContent(readFileSync(filename, 'utf8'), filename) as {
    functions?: Readonly<Record<string, Entry>>
  }
  return declaredFunctions(functions ?? {})
}

/** A topic that a function reads, and the consumer group with which it does. */
export interface ReadTopic {
  readonly function: string
  /** Absent for a topic of another system. */
  readonly signal?: Signal
  readonly topic: string
  readonly group: string
}

/** The topics that trigger a function in an environment. */
export function topicsRead(
  { name, consumes, foreignTopics }: Pick<DeclaredFunction, 'name' | 'consumes' | 'foreignTopics'>,
  env: string,
): ReadTopic[] {
  const own = consumes.map(signal => ({
    function: name,
    signal,
    topic: topicName(signal, env),
    group: groupName(name, env, signal),
  }))
  const foreign = foreignTopics.map(topic => ({ function: name, topic, group: groupName(name, env) }))
  return [...own, ...foreign]
}

/** Returns the names of a consumer's mappings: its own, or else those of its topic. */
export function mappingsOf(
  { mappings, consumes, foreignTopics }: Pick<DeclaredFunction, 'mappings' | 'consumes' | 'foreignTopics'>,
  topicMappings: readonly TopicMappings[],
): readonly string[] {
  const topics: readonly string[] = [...consumes, ...foreignTopics]
  return (
    mappings ??
    topicMappings.flatMap(({ topic, mappings: ofTopic }) => (topics.includes(topic) ? ofTopic : []))
  )
}

/** Returns the mappings of each topic: those that the settings name, then those of functions that read it, in their order. */
export function mappingsByTopic(
  functions: readonly Pick<DeclaredFunction, 'consumes' | 'foreignTopics' | 'mappings'>[],
  topicMappings: readonly TopicMappings[] = [],
): TopicMappings[] {
  const byTopic = new Map(topicMappings.map(({ topic, mappings }) => [topic, mappings]))
  for (const declared of functions)
    for (const topic of [...declared.consumes, ...declared.foreignTopics]) {
      const mappings = mappingsOf(declared, topicMappings)
      if (mappings.length > 0) byTopic.set(topic, [...new Set([...(byTopic.get(topic) ?? []), ...mappings])])
    }
  return [...byTopic].map(([topic, mappings]) => ({ topic, mappings }))
}

/** Returns a sentence for each topic of `TOPIC_MAPPINGS` that no function reads: most likely its name is misspelled. */
export function topicMappingProblems(
  functions: readonly Pick<DeclaredFunction, 'consumes' | 'foreignTopics'>[],
  topicMappings: readonly TopicMappings[],
): string[] {
  const read = [...new Set(functions.flatMap(one => [...one.consumes, ...one.foreignTopics]))]
  return topicMappings.flatMap(({ topic }) => {
    if (read.includes(topic)) return []
    const meant = suggestion(topic, read) ?? ''
    return `TOPIC_MAPPINGS: no function reads "${topic}".${meant} Functions read ${read.join(', ')}.`
  })
}

/** Returns whether a topic triggers the function. */
export function isConsumer({
  consumes,
  foreignTopics,
}: Pick<DeclaredFunction, 'consumes' | 'foreignTopics'>): boolean {
  return consumes.length + foreignTopics.length > 0
}

/** Returns the names of the functions that read the topic or, without one, of all consumers. */
export function consumersOf(functions: readonly DeclaredFunction[], signal?: Signal): string[] {
  return functions
    .filter(declared => (signal === undefined ? isConsumer(declared) : declared.consumes.includes(signal)))
    .map(({ name }) => name)
}
