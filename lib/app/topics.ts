/** Combines the topic table with the configured names of topics in Kafka. */

import type { KafkaTopic } from '#runtime/adapters/kafka/application-topics.ts'
import { readSettings } from '#runtime/settings/index.ts'
import { groupNameIn, NAMES, type Names, topicNameIn } from './settings/names.ts'
import { SIGNALS, type Signal, TOPIC_GROUPS, type Topic, type TopicWord, topicRow } from './topic-table.ts'

export * from './topic-table.ts'

/** Naming that this process uses. A process works with a single environment, and therefore with a single naming. */
let inUse: Names | undefined

/** Sets the naming for this process. Without this call, the naming is read from the process environment. */
export function useNames(names: Names): void {
  inUse = names
  signalsByTopic.clear()
}

/** Signals of the topics that were looked up. A consumer looks up its topic several times for each chunk. */
const signalsByTopic = new Map<string, Signal>()

function names(): Names {
  inUse ??= readSettings([NAMES]).names
  return inUse
}

/** Returns the signals for a list of signals and group names. Each signal is listed once. */
export function resolveSignals(words: readonly TopicWord[]): readonly Signal[] {
  const groups: Readonly<Partial<Record<string, readonly Signal[]>>> = TOPIC_GROUPS
  return [...new Set(words.flatMap<Signal>(word => groups[word] ?? [word as Signal]))]
}

/** Returns the name of a signal's topic in one environment: `{org}.{domain}.{signal}.{env}`, unless another name is configured. */
export function topicName(signal: Signal, env: string): string {
  return topicNameIn(names(), signal, env)
}

interface SignalSize {
  readonly topic: string
  readonly partitions: number
}

/** Returns the topic of a signal in one environment, with the number of partitions that it is created with. */
export function topicSize(signal: Signal, env: string): SignalSize {
  return { topic: topicName(signal, env), partitions: configuredRow(signal).partitions }
}

/** Returns all topics of one environment, with their settings. */
export function kafkaTopics(env: string): readonly KafkaTopic[] {
  return SIGNALS.map(signal => ({ name: topicName(signal, env), ...configuredRow(signal) }))
}

/** Returns the row of the topic table, with the configured number of partitions. */
function configuredRow(signal: Signal): Topic {
  const partitions = names().partitions.get(signal)
  return partitions === undefined ? topicRow(signal) : { ...topicRow(signal), partitions }
}

/**
 * Returns the advice for topics that exist with other numbers of partitions than configured.
 *
 * @param found number of partitions that exist, by topic name
 */
export function advisePartitions(found: ReadonlyMap<string, number | string>): string {
  const pairs = new Map<string, number | string>(names().partitions)
  for (const [topic, count] of found) pairs.set(signalIn(topic) ?? topic, count)
  const setting = [...pairs].map(([signal, count]) => `${signal}=${count}`).join(',')
  return `A topic keeps the number of partitions that it was created with. Set PARTITIONS=${setting}, or create the topics of another environment`
}

/**
 * Returns the environments of which a cluster has at least one topic, sorted. Topics whose configured name does not contain the
 * environment belong to all environments, and are ignored. Returns undefined if this is the case for all topics.
 */
export function listEnvironments(topics: readonly string[]): string[] | undefined {
  const names = SIGNALS.map(signal => topicName(signal, '{env}'))
  const patterns = names.filter(name => name.includes('{env}'))
  if (patterns.length === 0) return undefined
  const own = topics.filter(topic => !names.includes(topic))
  const found = own.flatMap(topic =>
    patterns.flatMap(pattern => {
      const [before = '', after = ''] = pattern.split('{env}')
      const env = topic.slice(before.length, topic.length - after.length)
      return before + env + after === topic && /^[a-z0-9-]{1,20}$/.test(env) ? env : []
    }),
  )
  return [...new Set(found)].sort()
}

/** Returns the names of all topics of one environment, by signal. */
export function topicNames(env: string): Readonly<Record<string, string>> {
  return Object.fromEntries(SIGNALS.map(signal => [signal, topicName(signal, env)]))
}

/**
 * Returns a line such as `readings: a → b` for each signal whose topic would be renamed. Consumers of a renamed topic start over,
 * because states, offsets and pending records stay with the old topic. A signal that exists only before or after is not listed.
 */
export function listRenamedTopics(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(now).flatMap(([signal, name]) => {
    const old = before[signal]
    return old === undefined || old === name ? [] : [`${signal}: ${old} → ${name}`]
  })
}

/** Returns the configuration of the topic with this name, in any environment. Returns undefined if no signal has such a topic. */
export function topicNamed(name: string): Topic | undefined {
  const signal = signalIn(name)
  return signal && configuredRow(signal)
}

/** Returns the signal of a topic in any environment; undefined if no signal has such a topic. */
export function signalIn(name: string): Signal | undefined {
  const signal = signalsByTopic.get(name) ?? findSignal(name)
  if (signal !== undefined) signalsByTopic.set(name, signal)
  return signal
}

function findSignal(name: string): Signal | undefined {
  // Fixed names without an environment are compared first. Otherwise, such a name could match the pattern of another topic.
  return (
    SIGNALS.find(signal => topicName(signal, ENV) === name) ??
    SIGNALS.find(signal => environmentFor(signal, name) !== undefined)
  )
}

function environmentFor(signal: Signal, name: string): string | undefined {
  const [before = '', after] = topicName(signal, ENV).split(ENV)
  if (after === undefined) return name === before ? '' : undefined
  const env = name.slice(before.length, name.length - after.length)
  return name.startsWith(before) && name.endsWith(after) && /^[a-z0-9-]+$/.test(env) ? env : undefined
}

/** Placeholder for the environment. It is not a valid environment name. */
const ENV = '{env}'

/** Returns the signal of a topic in this environment; undefined for any other name. */
export function signalNamed(name: string, env: string): Signal | undefined {
  return SIGNALS.find(signal => topicName(signal, env) === name)
}

/** Returns the Kafka consumer group of a function in one environment. */
export function groupName(consumer: string, env: string): string {
  return groupNameIn(names(), consumer, env)
}
