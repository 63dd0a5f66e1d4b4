/**
 * The topic table: the only place that says which topics exist and how they are configured. The creation of topics, the deployed
 * triggers, lag checks and the docs read it.
 */

import type { TopicSettings } from '../../packages/runtime/consumer/application.ts'
import { READINGS_TOPIC } from '../telemetry/readings-topic.ts'

/** A row of the table. */
export interface Topic extends TopicSettings {
  /** LogAppendTime where the broker's clock must decide: timers and delays count from it. */
  readonly timestamps: 'LogAppendTime' | 'CreateTime'
  /** Whether `clock` appends ticks, because its consumers have timers or park events. */
  readonly isTicked: boolean
  /** Whether people wait for its timers: its partitions get a tick every few seconds. */
  readonly isTickedOften?: boolean
  /** Whether `rules` appends the alert rules, because its consumers evaluate them or route by them. */
  readonly isRuled?: boolean
  /** Whether its consumers keep states by entity, which an erasure has to reach. */
  readonly isErased?: boolean
  /** Whether consumers read it whose failed records come back: every topic that a consumer reads, except failures. */
  readonly isRedriven?: boolean
  /** How long a record waits there before it is tried again, from the time that the broker gave it; only in retry topics. */
  readonly delayMs?: number
  /** True if the topic exists only where `EXTRA_SIGNALS` names it. */
  readonly isExtra?: boolean
  readonly key: string
  readonly carries: string
}

const MiB = 1024 * 1024

/**
 * A topic is one row here. Clock, rules, erasures, redriver, dlq-router, permissions, alarms, console and docs follow from it. The stream
 * of readings is sized for twelve concurrent functions, one for each partition. The other topics carry little.
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

/** A row of the table. */
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

/** The topics in which failures wait to be tried again, from the shortest delay to the longest. */
export const RETRY_TOPICS = TABLE_SIGNALS.filter(
  (signal): signal is RetrySignal => TOPICS[signal].delayMs !== undefined,
)

/** Topics by what they have in common, for the lists in `serverless.yml` and in the table of event types. */
export const TOPIC_GROUPS = {
  ticked: rowsWith('isTicked'),
  ruled: rowsWith('isRuled'),
  erased: rowsWith('isErased'),
  redriven: rowsWith('isRedriven'),
  retries: RETRY_TOPICS,
} as const satisfies Readonly<Record<string, readonly TableSignal[]>>

/** Topics with timers that people wait for: their partitions get a tick every few seconds. */
export const TICKED_OFTEN = rowsWith('isTickedOften')

/** A topic, or a group of topics. */
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

/** A topic whose consumers have timers. */
function ticked(partitions: number, keptDays: number, key: string, carries: string): Topic {
  return { ...topic(partitions, keptDays, MiB, key, carries), timestamps: 'LogAppendTime', isTicked: true }
}

/** A topic of other systems' records. Consumers of any kind can read it, so it has a clock, and erasures reach it. */
function extra(carries: string): Topic {
  return { ...ticked(3, 7, 'entity', carries), isErased: true, isRedriven: true, isExtra: true }
}

/** One fixed delay for all its records, so the first one of a partition is always the next one due. */
function retryTopic(minutes: number, carries: string): Topic {
  return {
    ...topic(3, 7, 2 * MiB, 'original key', carries),
    timestamps: 'LogAppendTime',
    delayMs: minutes * 60_000,
  }
}
