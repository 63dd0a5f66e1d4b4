/**
 * Parses the entries of functions in serverless.yml, and derives what follows from them. The project's Serverless plugin, all tools
 * and all tests use this list, so that functions are defined in one place only.
 */

import type { Named } from '../../lib/app/naming/names.ts'
import {
  RETRY_TOPICS,
  resolveSignals,
  type Signal,
  type TopicWord,
} from '../../lib/app/naming/topic-table.ts'
import { INTAKE } from '../../lib/intake/input.ts'

/**
 * Conditions for enabling a schedule, see `infra/place/schedules.ts`. Schedules without a condition are enabled together with the clock.
 */
export const CONDITIONS = ['generator'] as const
type Condition = (typeof CONDITIONS)[number]

/** Keys that Sluice adds to a function entry in serverless.yml. Their schema is in `infra/functions/entry-schema.ts`. */
export interface FunctionKeys {
  /**
   * Signals that trigger the function, or `inputs` for the topics of other applications in `config/inputs.yaml`. Each topic is read
   * by a separate consumer group, because Lambda requires one for each event source.
   */
  readonly consumes?: ConsumedWord | readonly ConsumedWord[]
  /** Topics that a forwarder reads on its schedule. A forwarder stores its own offsets. */
  readonly forwards?: TopicWord | readonly TopicWord[]
  /** Topics to which the function writes. `TOPIC_GROUPS` lists the names for groups of topics. */
  readonly emits?: TopicWord | readonly TopicWord[]
  /** Names of resources that the function uses, from the table in `infra/roles/uses.ts`. */
  readonly uses?: string | readonly string[]
  /** Names of the inputs that the function reads. Without it, a function that consumes `inputs` reads those that no other names. */
  readonly inputs?: string | readonly string[]
  /** Schedule as a `rate(…)` or `cron(…)` expression. */
  readonly schedule?: string | { readonly rate: string; readonly if: Condition }
  /** Maximum number of records per batch. */
  readonly batchSize?: number
  readonly maximumBatchingWindow?: number
  readonly maximumPollers?: number
}

/** Signal, or all topics of other applications. */
type ConsumedWord = Signal | 'inputs'

/** Inputs of a function: those that are named, or all except those that other functions name. */
export type InputSelection = { readonly only: readonly string[] } | { readonly except: readonly string[] }

/** Function entry in serverless.yml. `description` is the only key of the framework that is read here. */
export type Entry = FunctionKeys & { readonly description?: string }

/** Function in serverless.yml, with defaults for missing keys. */
export interface DeclaredFunction {
  readonly name: string
  readonly description: string
  /** Signals that trigger the function. Empty if no signal triggers it. */
  readonly consumes: readonly Signal[]
  readonly forwards: readonly Signal[]
  readonly emits: readonly Signal[]
  /** Topics to which the function writes: the topics in `emits`, and the topic for failures. */
  readonly writes: readonly Signal[]
  readonly uses: readonly string[]
  /** Inputs that the function reads; absent for a function that does not consume `inputs`. */
  readonly inputs?: InputSelection
  readonly schedule?: { readonly expression: string; readonly condition: Condition | 'clock' }
  readonly reading: typeof READING_DEFAULTS
}

/** Default batch settings of a consumer. The batching window is in seconds. */
export const READING_DEFAULTS = {
  batchSize: 500 as number,
  maximumBatchingWindow: 1 as number,
  maximumPollers: 4 as number,
} as const

/** Returns the functions in the order of their entries in the file. Pure. */
export function parseFunctions(entries: Readonly<Record<string, Entry>>): DeclaredFunction[] {
  const named = Object.values(entries).flatMap(({ inputs }) => toList(inputs))
  return Object.entries(entries).map(([name, entry]) => {
    const { schedule } = entry
    // Like the framework, this accepts a single name instead of a list.
    const uses = toList(entry.uses)
    const words = toList(entry.consumes)
    const own = words.filter(word => word !== 'inputs')
    const [consumes, forwards, emits] = [own, toList(entry.forwards), toList(entry.emits)].map(signals =>
      resolveSignals(signals),
    ) as [Signal[], Signal[], Signal[]]
    const readsInputs = words.length > own.length
    const inputs = entry.inputs === undefined ? { except: named } : { only: toList(entry.inputs) }
    return {
      name,
      description: entry.description ?? '',
      consumes,
      forwards,
      emits,
      writes: [...emits, ...listFailureTopics([...consumes, ...forwards], readsInputs)],
      uses,
      ...(readsInputs ? { inputs } : {}),
      ...(schedule === undefined ? {} : { schedule: toSchedule(schedule) }),
      reading: {
        batchSize: entry.batchSize ?? READING_DEFAULTS.batchSize,
        maximumBatchingWindow: entry.maximumBatchingWindow ?? READING_DEFAULTS.maximumBatchingWindow,
        maximumPollers: entry.maximumPollers ?? READING_DEFAULTS.maximumPollers,
      },
    }
  })
}

function toList<T>(value: T | readonly T[] | undefined): readonly T[] {
  return [value ?? []].flat() as T[]
}

/** Topics that contain failures. */
const WITH_FAILURES: readonly Signal[] = ['failures', ...RETRY_TOPICS]

/**
 * Returns the topic to which the function writes failures. Empty for a function that reads failures, because it would otherwise
 * read its own failures.
 */
function listFailureTopics(read: readonly Signal[], readsInputs: boolean): Signal[] {
  return (read.length === 0 && !readsInputs) || read.some(signal => WITH_FAILURES.includes(signal))
    ? []
    : ['failures']
}

function toSchedule(schedule: NonNullable<FunctionKeys['schedule']>) {
  return typeof schedule === 'string'
    ? { expression: schedule, condition: 'clock' as const }
    : { expression: schedule.rate, condition: schedule.if }
}

/** Topic that a function reads, with its consumer group. */
export interface ReadTopic {
  readonly function: string
  readonly topic: string
  readonly group: string
}

/** Topic that triggers a function. */
export interface TriggerTopic extends ReadTopic {
  /** Signal of the topic; absent for an input. */
  readonly signal?: Signal
}

/**
 * Returns the name of the consumer that a function runs. All functions for inputs run the same consumer, so that its states do not
 * depend on which function reads an input.
 */
export function getConsumerName(declared: Pick<DeclaredFunction, 'name' | 'consumes' | 'inputs'>): string {
  return declared.inputs !== undefined || readsInputRedrives(declared) ? INTAKE : declared.name
}

/** Returns whether the function reads failed records of inputs again. It is needed only where there are inputs. */
export function readsInputRedrives({ consumes }: Pick<DeclaredFunction, 'consumes'>): boolean {
  return consumes.includes('input-redrives')
}

/**
 * Returns the topics that trigger a function in an environment.
 *
 * @param allInputs names of all inputs of the environment
 */
export function listTriggerTopics(
  declared: Pick<DeclaredFunction, 'name' | 'consumes' | 'inputs'>,
  { env, names }: Named,
  allInputs: readonly string[],
): TriggerTopic[] {
  const { name, consumes, inputs } = declared
  const consumer = getConsumerName(declared)
  const own = consumes.map(signal => ({
    function: consumer,
    signal,
    topic: names.topicName(signal, env),
    group: names.groupName(resolveReaderName(name, consumes, signal), env),
  }))
  const foreign = selectInputs(inputs, allInputs).map(topic => ({
    function: consumer,
    topic,
    group: names.groupName(`${name}-${topic}`, env),
  }))
  return [...own, ...foreign]
}

/** Returns the names of the inputs that a function reads, in the order of the list. */
export function selectInputs(
  selection: InputSelection | undefined,
  topics: readonly string[],
): readonly string[] {
  if (selection === undefined) return []
  return topics.filter(topic =>
    'only' in selection ? selection.only.includes(topic) : !selection.except.includes(topic),
  )
}

/** Returns the name in a consumer group. A function that reads several signals has a group for each, because AWS requires it. */
function resolveReaderName(name: string, consumes: readonly Signal[], signal: Signal): string {
  const isNamed = consumes.length > 1 && FIRST_SIGNALS[name] !== signal
  return isNamed ? `${name}-${signal}` : name
}

/** Signals that a function read before it read others. A group with a new name would read their topics from the start again. */
const FIRST_SIGNALS: Readonly<Record<string, Signal>> = { alerting: 'readings' }

/** Returns the signal that is meant if a command names only the function; undefined if it has no such signal. */
export function findFirstSignal(name: string): Signal | undefined {
  return FIRST_SIGNALS[name]
}

/** Returns whether the function is triggered by a topic. */
export function isConsumer({ consumes, inputs }: Pick<DeclaredFunction, 'consumes' | 'inputs'>): boolean {
  return consumes.length > 0 || inputs !== undefined
}

/**
 * Returns whether the function writes segments. The records of an unfinished segment are committed in its group, but not decided:
 * they stay in the log. Such a function stores nothing by entity.
 */
export function writesSegments({ uses }: Pick<DeclaredFunction, 'uses'>): boolean {
  return uses.includes('history-appending')
}

/** Returns whether the function writes rows to a database, which has an address only in some environments. */
export function writesRows({ uses }: Pick<DeclaredFunction, 'uses'>): boolean {
  return uses.includes('storage')
}

/** Returns the setting EMITTERS of a function, as a deployment sets it; empty for a function that is not in the list. */
export function formatEmitters(name: string, all: readonly DeclaredFunction[], named: Named): string {
  const own = all.find(declared => declared.name === name)
  return own ? listEmitters(own, all, named).join(',') : ''
}

/** Returns the consumers that emit to the topics of a function, as the values of the setting EMITTERS. */
export function listEmitters(
  { consumes }: Pick<DeclaredFunction, 'consumes'>,
  all: readonly DeclaredFunction[],
  { env, names }: Named,
): string[] {
  return consumes.flatMap(signal =>
    all
      .filter(declared => isConsumer(declared) && declared.writes.includes(signal))
      .map(declared => `${names.topicName(signal, env)}=${getConsumerName(declared)}`),
  )
}

/** Returns the names of the consumers that read the signal. Without a signal, returns the names of all consumers. */
export function listConsumers(
  functions: readonly Pick<DeclaredFunction, 'name' | 'consumes' | 'inputs'>[],
  signal?: Signal,
): string[] {
  const names = functions
    .filter(declared => (signal === undefined ? isConsumer(declared) : declared.consumes.includes(signal)))
    .map(getConsumerName)
  return [...new Set(names)]
}

/** Returns the consumers and forwarders of a topic. */
export function listReaders(
  functions: readonly Pick<DeclaredFunction, 'name' | 'consumes' | 'inputs' | 'forwards'>[],
  signal: Signal,
): string[] {
  const forwarders = functions.filter(({ forwards }) => forwards.includes(signal)).map(({ name }) => name)
  return [...listConsumers(functions, signal), ...forwarders]
}
