/** Topics of this process: the topic table with the names that the topics have in Kafka. */

import type { KafkaTopic } from '../../packages/runtime/adapters/kafka/topics.ts'
import { readSettings } from '../../packages/runtime/settings/environment.ts'
import { groupNameIn, NAMES, type Names, topicNameIn } from './settings/names.ts'
import { SIGNALS, type Signal, TOPICS, type Topic } from './topic-table.ts'

export * from './topic-table.ts'

/**
 * Naming in use. A process has only one naming, just as it has one environment, so every name is computed
 * here.
 */
let inUse: Names | undefined

/**
 * Makes this process use the names in its settings. Without this call, the variables of the process apply.
 */
export function useNames(names: Names): void {
  inUse = names
}

function names(): Names {
  inUse ??= readSettings([NAMES]).names
  return inUse
}

/**
 * Returns the name of a signal's topic in one environment: `{org}.{domain}.{signal}.{env}`, unless the
 * settings give it another.
 */
export function topicName(signal: Signal, env: string): string {
  return topicNameIn(names(), signal, env)
}

/** Returns the topic of a signal in one environment, with its number of partitions in the table. */
export function topicSize(
  signal: Signal,
  env: string,
): { readonly topic: string; readonly partitions: number } {
  return { topic: topicName(signal, env), partitions: TOPICS[signal].partitions }
}

/** Returns all topics of one environment, with their settings. */
export function kafkaTopics(env: string): readonly KafkaTopic[] {
  return SIGNALS.map(signal => ({ name: topicName(signal, env), ...TOPICS[signal] }))
}

/** Returns the names of all topics of one environment, by signal. */
export function topicNames(env: string): Readonly<Record<Signal, string>> {
  return Object.fromEntries(SIGNALS.map(signal => [signal, topicName(signal, env)])) as Record<Signal, string>
}

/**
 * Returns the names that would change, as `readings: a → b`. States, offsets and pending records stay with
 * the old topic, so its consumers would start over. A signal that exists only before or after is not renamed.
 */
export function renamedTopics(
  before: Readonly<Partial<Record<Signal, string>>>,
  now: Readonly<Partial<Record<Signal, string>>>,
): string[] {
  return SIGNALS.flatMap(signal => {
    const [old, name] = [before[signal], now[signal]]
    return old === undefined || name === undefined || old === name ? [] : [`${signal}: ${old} → ${name}`]
  })
}

/** Returns the topic with this name, in any environment; undefined if it is not in the table. */
export function topicNamed(name: string): Topic | undefined {
  const signal = signalIn(name)
  return signal && TOPICS[signal]
}

/** Returns the signal of a topic of any environment; undefined if it is not in the table. */
export function signalIn(name: string): Signal | undefined {
  // Names without the environment are compared first: they could be mistaken for another topic's name in an
  // environment that does not exist.
  return (
    SIGNALS.find(signal => topicName(signal, ENV) === name) ??
    SIGNALS.find(signal => environmentFor(signal, name) !== undefined)
  )
}

/**
 * Returns the environment in the name of a topic of the table. Undefined for other names, empty if the name
 * does not contain it.
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
  return SIGNALS.find(signal => topicName(signal, env) === name)
}

/** Returns the Kafka consumer group of a function in one environment. */
export function groupName(consumer: string, env: string): string {
  return groupNameIn(names(), consumer, env)
}
