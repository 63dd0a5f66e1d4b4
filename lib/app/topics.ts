/** Topics of this process: the topic table with the names that the topics have in Kafka. */

import type { KafkaTopic } from '../../packages/runtime/adapters/kafka/topics.ts'
import { readSettings } from '../../packages/runtime/settings/environment.ts'
import { groupNameIn, NAMES, type Names, topicNameIn } from './settings/names.ts'
import {
  type Signal,
  type TableSignal,
  TOPIC_GROUPS,
  type Topic,
  type TopicWord,
  tableSignalOf,
  topicRow,
} from './topic-table.ts'

export * from './topic-table.ts'

/** Naming in use. A process has only one naming, just as it has one environment, so every name is computed here. */
let inUse: Names | undefined

/** Makes this process use the names in its settings. Without this call, the variables of the process apply. */
export function useNames(names: Names): void {
  inUse = names
}

function names(): Names {
  inUse ??= readSettings([NAMES]).names
  return inUse
}

/** The signals that this process works with: the rows of the table, and those that `EXTRA_SIGNALS` adds. */
export function signals(): readonly Signal[] {
  return names().signals
}

/** The topics that words mean, each once, with their sub-signals. */
export function topicsOf(words: readonly TopicWord[]): readonly Signal[] {
  const groups: Readonly<Partial<Record<string, readonly Signal[]>>> = TOPIC_GROUPS
  const named = words.flatMap<Signal>(word => groups[word] ?? [word as Signal])
  const found = named.flatMap(one =>
    signals().filter(signal => signal === one || tableSignalOf(signal) === one),
  )
  return [...new Set(found)]
}

/** The signal or sub-signal whose topic has the events of a source, so that all events of an entity are in one topic. */
export function signalOfSource(signal: Signal, source: string): Signal {
  const matching = [...names().sources].filter(
    ([part, start]) =>
      start !== '' && tableSignalOf(part) === signal && `${source}/`.startsWith(start.replace(/\/?$/, '/')),
  )
  matching.sort(([, a], [, b]) => b.length - a.length)
  return matching[0]?.[0] ?? signal
}

/**
 * Returns the name of a signal's topic in one environment: `{org}.{domain}.{signal}.{env}`, unless the settings give it another.
 */
export function topicName(signal: Signal, env: string): string {
  return topicNameIn(names(), signal, env)
}

interface SignalSize {
  readonly topic: string
  readonly partitions: number
  readonly subTopics?: readonly SignalSize[]
}

/** Returns the topic of a signal in one environment, with its number of partitions in the table. */
export function topicSize(signal: Signal, env: string): SignalSize {
  return { topic: topicName(signal, env), partitions: topicRow(signal).partitions }
}

/** As `topicSize`, with the topics of the sub-signals. */
export function signalSize(signal: TableSignal, env: string): SignalSize {
  const subTopics = topicsOf([signal]).filter(one => one !== signal)
  return { ...topicSize(signal, env), subTopics: subTopics.map(one => topicSize(one, env)) }
}

/** As `signalOfSource`. @param entity `source`, a space, `subject` */
export function signalOfEntity(signal: TableSignal, entity: string): Signal {
  return signalOfSource(signal, entity.split(' ', 1)[0] ?? '')
}

/** Returns all topics of one environment, with their settings. */
export function kafkaTopics(env: string): readonly KafkaTopic[] {
  return signals().map(signal => ({ name: topicName(signal, env), ...topicRow(signal) }))
}

/** Returns the names of all topics of one environment, by signal. */
export function topicNames(env: string): Readonly<Record<string, string>> {
  return Object.fromEntries(signals().map(signal => [signal, topicName(signal, env)]))
}

/**
 * Returns the names that would change, as `readings: a → b`. States, offsets and pending records stay with
 * the old topic, so its consumers would start over. A signal that exists only before or after is not renamed.
 */
export function renamedTopics(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(now).flatMap(([signal, name]) => {
    const old = before[signal]
    return old === undefined || old === name ? [] : [`${signal}: ${old} → ${name}`]
  })
}

/** Returns the topic with this name, in any environment; undefined if it is not in the table. */
export function topicNamed(name: string): Topic | undefined {
  const signal = signalIn(name)
  return signal && topicRow(signal)
}

/** Returns the signal of a topic of any environment; undefined if it is not in the table. */
export function signalIn(name: string): Signal | undefined {
  // Names without the environment are compared first: they could be mistaken for another topic's name in an
  // environment that does not exist.
  return (
    signals().find(signal => topicName(signal, ENV) === name) ??
    signals().find(signal => environmentFor(signal, name) !== undefined)
  )
}

/**
 * Returns the environment in the name of a topic of the table. Undefined for other names, empty if the name does not contain it.
 */
export function environmentIn(name: string): string | undefined {
  const signal = signalIn(name)
  return signal && environmentFor(signal, name)
}

function environmentFor(signal: Signal, name: string): string | undefined {
  const [before = '', after] = topicName(signal, ENV).split(ENV)
  if (after === undefined) return name === before ? '' : undefined
  const env = name.slice(before.length, name.length - after.length)
  return name.startsWith(before) && name.endsWith(after) && /^[a-z0-9-]+$/.test(env) ? env : undefined
}

/** Placeholder for the environment. It is not a valid name of an environment. */
const ENV = '{env}'

/** Returns the signal of a topic of this environment; undefined for any other name. */
export function signalNamed(name: string, env: string): Signal | undefined {
  return signals().find(signal => topicName(signal, env) === name)
}

/** The Kafka consumer group of a function in one environment. A sub-signal is read by a group of its own. */
export function groupName(consumer: string, env: string, signal?: Signal): string {
  return groupNameIn(names(), consumer, env, signal)
}
