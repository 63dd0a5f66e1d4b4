/**
 * The topic table: the only place that says which topics exist and how they are kept. Creation, the deployed
 * triggers, lag checks and the docs read it.
 */

/** What a topic carries; the third part of its name. */
export type Signal =
  | 'readings'
  | 'events'
  | 'alerts'
  | 'analytics'
  | 'failures'
  | 'retry-1m'
  | 'retry-10m'
  | 'retry-1h'
  | 'dlq'

export interface Topic {
  readonly partitions: number
  readonly keptDays: number
  /** LogAppendTime where the broker's clock must decide, because timers read it. */
  readonly timestamps: 'LogAppendTime' | 'CreateTime'
  readonly maxMessageBytes: number
  readonly key: string
  readonly carries: string
}

const ORG = 'sluice'
const DOMAIN = 'telemetry'
const MiB = 1024 * 1024

/** Twelve partitions are as many concurrent functions as one reading stream is sized for; the others carry little. */
export const TOPICS: Readonly<Record<Signal, Topic>> = {
  readings: {
    partitions: 12,
    keptDays: 7,
    timestamps: 'LogAppendTime',
    maxMessageBytes: MiB,
    key: 'entity key',
    carries: 'every telemetry family, told apart by type, and ticks',
  },
  events: topic(3, 30, MiB, 'entity', 'things that happened'),
  alerts: topic(3, 90, MiB, 'alert fingerprint', 'alert fired / resolved'),
  analytics: topic(3, 7, MiB, 'entity', 'closed windows, rolling statistics'),
  failures: topic(3, 7, 2 * MiB, 'original key', 'whatever a consumer, or Lambda itself, gave up on'),
  'retry-1m': topic(3, 7, 2 * MiB, 'original key', 'failures to try again after one minute'),
  'retry-10m': topic(3, 7, 2 * MiB, 'original key', 'failures to try again after ten minutes'),
  'retry-1h': topic(3, 7, 2 * MiB, 'original key', 'failures to try again after one hour'),
  dlq: topic(3, 30, 2 * MiB, 'original key', 'dead letters, for people'),
}

export const SIGNALS = Object.keys(TOPICS) as readonly Signal[]

/** How many brokers keep a copy of each record, and how many of those must have it before it counts as written. */
export interface Replication {
  readonly factor: number
  readonly minInsync: number
}

/** So many copies that one broker may be lost: further ones would only cost. */
const MOST_COPIES = 3

/**
 * The same for every topic, since a chain of topics is as safe as its weakest: a copy on each broker up to three, and all
 * but one of them in step, so that with three brokers any one may be lost and everything goes on. An account's cluster
 * has three; a laptop's has one, or three by choice.
 */
export function replicationOn(brokers: number): Replication {
  const factor = Math.min(brokers, MOST_COPIES)
  return { factor, minInsync: Math.max(1, factor - 1) }
}

/** The name of a signal's topic in one environment: `{org}.{domain}.{signal}.{env}`. */
export function topicName(signal: Signal, env: string): string {
  return `${ORG}.${DOMAIN}.${signal}.${env}`
}

/** The topic of a name, in whatever environment; undefined for one that is not in the table. */
export function topicNamed(name: string): Topic | undefined {
  const [org, domain, signal = ''] = name.split('.')
  return org === ORG && domain === DOMAIN && Object.hasOwn(TOPICS, signal)
    ? TOPICS[signal as Signal]
    : undefined
}

/** The Kafka consumer group of a function in one environment. */
export function groupName(consumer: string, env: string): string {
  return `sluice-${consumer}-${env}`
}

function topic(
  partitions: number,
  keptDays: number,
  maxMessageBytes: number,
  key: string,
  carries: string,
): Topic {
  return { partitions, keptDays, timestamps: 'CreateTime', maxMessageBytes, key, carries }
}
