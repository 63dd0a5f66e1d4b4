/** Names of the topics and consumer groups of a program, which the settings decide. Pure. */
import type { KafkaTopic } from '#runtime/operating/servers'
import type { Families } from '../../telemetry/families.ts'
import { SIGNALS, type Signal, type Topic, topicRow } from './topic-table.ts'

/** Settings of the names, see `settings/names.ts`. */
export interface Naming {
  readonly org: string
  readonly domain: string
  /** Form of the names of consumer groups, with `{consumer}`. */
  readonly group: string
  /** Topics with names of their own, in which `{env}` stands for the environment. */
  readonly topics: ReadonlyMap<Signal, string>
  /** Numbers of partitions that differ from the table of topics. */
  readonly partitions: ReadonlyMap<Signal, number>
}

interface SignalSize {
  readonly topic: string
  readonly partitions: number
}

/** Placeholder for the environment. It is not a valid environment name. */
const ENV = '{env}'

/** Names of topics and consumer groups. */
export class Names {
  readonly #naming: Naming
  /** Signals of the topics that were looked up. A consumer looks up its topic several times for each chunk. */
  readonly #signals = new Map<string, Signal>()

  constructor(naming: Naming) {
    this.#naming = naming
  }

  /** Returns the name of a signal's topic in one environment: `{org}.{domain}.{signal}.{env}`, unless another name is configured. */
  topicName(signal: Signal, env: string): string {
    const { org, domain, topics } = this.#naming
    const own = topics.get(signal)
    if (own !== undefined) return own.replaceAll(ENV, env)
    return [org, domain, signal, env].filter(part => part !== '').join('.')
  }

  /** Returns the name of a topic that people named by its signal, or in full. */
  resolveTopic(named: string, env: string): string {
    const signal = SIGNALS.find(signal => signal === named)
    return signal === undefined ? named : this.topicName(signal, env)
  }

  /** Returns the Kafka consumer group of a function in one environment. */
  groupName(consumer: string, env: string): string {
    const { org, group } = this.#naming
    const name = group.replaceAll('{consumer}', consumer).replaceAll(ENV, env)
    return org === '' ? name.replace(/\{org\}[-_.]?/g, '') : name.replaceAll('{org}', org)
  }

  /** Returns the names of all topics of one environment, by signal. */
  topicNames(env: string): Readonly<Record<string, string>> {
    return Object.fromEntries(SIGNALS.map(signal => [signal, this.topicName(signal, env)]))
  }

  /** Returns the topic of a signal in one environment, with the number of partitions that it is created with. */
  topicSize(signal: Signal, env: string): SignalSize {
    return { topic: this.topicName(signal, env), partitions: this.#configuredRow(signal).partitions }
  }

  /** Returns all topics of one environment, with their settings. */
  kafkaTopics(env: string): readonly KafkaTopic[] {
    return SIGNALS.map(signal => ({ name: this.topicName(signal, env), ...this.#configuredRow(signal) }))
  }

  /** Returns the configuration of the topic with this name, in any environment. Returns undefined if no signal has such a topic. */
  topicNamed(name: string): Topic | undefined {
    const signal = this.findSignal(name)
    return signal && this.#configuredRow(signal)
  }

  /** Returns the signal of a topic in any environment; undefined if no signal has such a topic. */
  findSignal(name: string): Signal | undefined {
    const signal = this.#signals.get(name) ?? this.#findSignal(name)
    if (signal !== undefined) this.#signals.set(name, signal)
    return signal
  }

  /** Returns the signal of a topic in this environment; undefined for any other name. */
  signalNamed(name: string, env: string): Signal | undefined {
    return SIGNALS.find(signal => this.topicName(signal, env) === name)
  }

  /**
   * Returns the environments of which a cluster has at least one topic, sorted. Topics whose configured name does not contain the
   * environment belong to all environments, and are ignored. Returns undefined if this is the case for all topics.
   */
  listEnvironments(topics: readonly string[]): string[] | undefined {
    const names = SIGNALS.map(signal => this.topicName(signal, ENV))
    const patterns = names.filter(name => name.includes(ENV))
    if (patterns.length === 0) return undefined
    const own = topics.filter(topic => !names.includes(topic))
    const found = own.flatMap(topic =>
      patterns.flatMap(pattern => {
        const [before = '', after = ''] = pattern.split(ENV)
        const env = topic.slice(before.length, topic.length - after.length)
        return before + env + after === topic && /^[a-z0-9-]{1,20}$/.test(env) ? env : []
      }),
    )
    return [...new Set(found)].sort()
  }

  /**
   * Returns the advice for topics that exist with other numbers of partitions than configured.
   *
   * @param found number of partitions that exist, by topic name
   */
  advisePartitions(found: ReadonlyMap<string, number | string>): string {
    const pairs = new Map<string, number | string>(this.#naming.partitions)
    for (const [topic, count] of found) pairs.set(this.findSignal(topic) ?? topic, count)
    const setting = [...pairs].map(([signal, count]) => `${signal}=${count}`).join(',')
    return `A topic keeps the number of partitions that it was created with. Set PARTITIONS=${setting}, or create the topics of another environment`
  }

  /** Returns the row of the topic table, with the configured number of partitions. */
  #configuredRow(signal: Signal): Topic {
    const partitions = this.#naming.partitions.get(signal)
    return partitions === undefined ? topicRow(signal) : { ...topicRow(signal), partitions }
  }

  #findSignal(name: string): Signal | undefined {
    // Fixed names without an environment are compared first. Otherwise, such a name could match the pattern of another topic.
    return (
      SIGNALS.find(signal => this.topicName(signal, ENV) === name) ??
      SIGNALS.find(signal => this.#findEnvironment(signal, name) !== undefined)
    )
  }

  #findEnvironment(signal: Signal, name: string): string | undefined {
    const [before = '', after] = this.topicName(signal, ENV).split(ENV)
    if (after === undefined) return name === before ? '' : undefined
    const env = name.slice(before.length, name.length - after.length)
    return name.startsWith(before) && name.endsWith(after) && /^[a-z0-9-]+$/.test(env) ? env : undefined
  }
}

/** Returns `takesWholeEvents` of the application: producers of readings may write an event as text, without headers. */
export function createWholeEvents(names: Names): (topic: string) => boolean {
  return topic => names.findSignal(topic) === 'readings'
}

/** Returns what makes an input of a topic of readings into which producers write plain JSON. */
export function adviseOnPlainJson(topic: string): string {
  return `for plain JSON, write "inputs: [{ topic: ${topic} }]" into config/inputs.yaml, and give readings another name with "KAFKA_TOPIC=${topic}.readings"`
}

/** Environment, and the names of its topics and consumer groups. */
export interface Named {
  readonly env: string
  readonly names: Names
}

/** Families and names of a program, which its settings decide. */
export interface Vocabulary {
  readonly families: Families
  readonly names: Names
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
