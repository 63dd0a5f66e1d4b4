/**
 * Topic table: the only place that defines which topics exist and how they are configured. The creation of
 * topics, the deployed triggers, lag checks and the documentation use it.
 */

import type { TopicSettings } from '../../packages/runtime/consumer/application.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'

/** Row of the topic table. */
export interface Topic extends TopicSettings {
  /** Timestamp type. LogAppendTime is required if timers and delays depend on the broker's clock. */
  readonly timestamps: 'LogAppendTime' | 'CreateTime'
  /** True if `clock` appends ticks, because consumers of the topic have timers or park events. */
  readonly isTicked: boolean
  /** True if people wait for timers of the topic: its partitions receive a tick every few seconds. */
  readonly isTickedOften?: boolean
  /** True if `rules` appends the alert rules, because consumers of the topic evaluate them or route by them. */
  readonly isRuled?: boolean
  /** True if consumers of the topic store states by entity, so that erasures are appended to it. */
  readonly isErased?: boolean
  /** True if failed records return to the topic. This applies to every topic with consumers, except `failures`. */
  readonly isRedriven?: boolean
  /** Delay of records before their next attempt in milliseconds, since the timestamp of the broker; only for retry topics. */
  readonly delayMs?: number
  /** True if the topic exists only where `EXTRA_SIGNALS` names it. */
  readonly isExtra?: boolean
  readonly key: string
  readonly carries: string
}

const MiB = 1024 * 1024

/**
 * Rows of the table. Clock, rules, erasures, redriver, dlq-router, permissions, alarms, console and documentation are derived from
 * it. The readings topic is sized for twelve concurrent functions, one for each partition. The other topics have little traffic.
 */
const TABLE = {
  readings: {
    ...READINGS_TOPIC,
    partitions: 12,
    timestamps: 'LogAppendTime',
    isTicked: true,
    isRuled: true,
    isErased: true,
    isRedriven: true,
    key: 'entity key',
    carries: 'all telemetry families, distinguished by type; ticks, rule sets and erasures',
  },
  events: {
    ...topic(3, 30, MiB, 'entity', 'things that happened; rule sets'),
    isRuled: true,
    isRedriven: true,
  },
  alerts: { ...topic(3, 90, MiB, 'alert fingerprint', 'alert fired / resolved'), isRedriven: true },
  notifications: {
    ...ticked(3, 7, 'group', 'alerts by group, silences, and notifications; ticks'),
    isTickedOften: true,
    isRedriven: true,
  },
  patterns: {
    ...ticked(
      3,
      7,
      'group',
      'events that a rule counts together for a group of entities; ticks and rule sets',
    ),
    isRuled: true,
    isErased: true,
    isRedriven: true,
  },
  analytics: topic(3, 7, MiB, 'entity', 'closed windows, rolling statistics'),
  failures: topic(
    3,
    7,
    2 * MiB,
    'original key',
    'records that a consumer, or Lambda itself, could not process',
  ),
  'retry-1m': retryTopic(1, 'failures to try again after one minute'),
  'retry-10m': retryTopic(10, 'failures to try again after ten minutes'),
  'retry-1h': retryTopic(60, 'failures to try again after one hour'),
  dlq: {
    ...ticked(3, 30, 'original key', 'dead letters, for people; redrives and drops of them; ticks'),
    maxMessageBytes: 2 * MiB,
  },
  logs: extra('log records of other systems; ticks and erasures'),
  traces: extra('spans of other systems; ticks and erasures'),
} as const satisfies Readonly<Record<string, Topic>>

/** Row of the topic table. */
export type TableSignal = keyof typeof TABLE

/** Signals that can be divided into sub-signals, each with a topic of its own: other systems write to them. */
export const DIVISIBLE = ['readings', 'logs', 'traces'] as const satisfies readonly TableSignal[]

/** Contents of a topic, and the third part of its name. A sub-signal has the settings of its signal. */
export type Signal = TableSignal | `${(typeof DIVISIBLE)[number]}.${string}`

export type RetrySignal = Extract<TableSignal, `retry-${string}`>

export const TOPICS: Readonly<Record<TableSignal, Topic>> = TABLE

/** The signals of the table, including those that only `EXTRA_SIGNALS` adds. */
export const TABLE_SIGNALS = Object.keys(TOPICS) as readonly TableSignal[]

/** The row of a signal or sub-signal. */
export function tableSignalOf(signal: Signal): TableSignal {
  return signal.split('.', 1)[0] as TableSignal
}

/** The settings of a signal's topic. */
export function topicRow(signal: Signal): Topic {
  return TOPICS[tableSignalOf(signal)]
}

/** Topics in which failures wait for their next attempt, from the shortest delay to the longest. */
export const RETRY_TOPICS = TABLE_SIGNALS.filter(
  (signal): signal is RetrySignal => TOPICS[signal].delayMs !== undefined,
)

/** Groups of topics with a common property, for the lists in `serverless.yml` and in the table of event types. */
export const TOPIC_GROUPS = {
  ticked: rowsWith('isTicked'),
  ruled: rowsWith('isRuled'),
  erased: rowsWith('isErased'),
  redriven: rowsWith('isRedriven'),
  retries: RETRY_TOPICS,
} as const satisfies Readonly<Record<string, readonly TableSignal[]>>

/** Topics with timers that people wait for. Their partitions receive a tick every few seconds. */
export const TICKED_OFTEN = rowsWith('isTickedOften')

/** Topic, or group of topics. */
export type TopicWord = Signal | keyof typeof TOPIC_GROUPS

function rowsWith(flag: 'isTicked' | 'isTickedOften' | 'isRuled' | 'isErased' | 'isRedriven'): TableSignal[] {
  return TABLE_SIGNALS.filter(signal => TOPICS[signal][flag])
}

function topic(
  partitions: number,
  keptDays: number,
  maxMessageBytes: number,
  key: string,
  carries: string,
): Topic {
  return { partitions, keptDays, timestamps: 'CreateTime', isTicked: false, maxMessageBytes, key, carries }
}

/** Returns the row of a topic whose consumers have timers. */
function ticked(partitions: number, keptDays: number, key: string, carries: string): Topic {
  return { ...topic(partitions, keptDays, MiB, key, carries), timestamps: 'LogAppendTime', isTicked: true }
}

/** A topic of other systems' records. Consumers of any kind can read it, so it has a clock, and erasures reach it. */
function extra(carries: string): Topic {
  return { ...ticked(3, 7, 'entity', carries), isErased: true, isRedriven: true, isExtra: true }
}

/**
 * Returns the row of a retry topic. All its records have the same delay, so the first record of a partition
 * is always the next one due.
 */
function retryTopic(minutes: number, carries: string): Topic {
  return {
    ...topic(3, 7, 2 * MiB, 'original key', carries),
    timestamps: 'LogAppendTime',
    delayMs: minutes * 60_000,
  }
}
