/**
 * Defines all topics and their configuration. The creation of topics, deployed triggers, lag checks and the documentation use this
 * table.
 */

import type { TopicSettings } from '#runtime/consumer'
import { READINGS_TOPIC } from '../../telemetry/readings-topic.ts'

/** Configuration of a topic. */
export interface Topic extends TopicSettings {
  /** Timestamp type of the topic. Must be LogAppendTime if timers or delays depend on the broker's clock. */
  readonly timestamps: 'LogAppendTime' | 'CreateTime'
  /** True if the function `clock` appends ticks to the topic, because consumers of the topic have timers or park events. */
  readonly isTicked: boolean
  /** True if the topic's partitions receive a tick every few seconds, because users wait for its timers. */
  readonly isTickedOften?: boolean
  /**
   * True if the function `clock` appends the alert rules to the topic, because consumers of the topic evaluate rules or route by
   * them.
   */
  readonly isRuled?: boolean
  /** True if the plan of the tables is appended to the topic, because the consumer `views` reads it. */
  readonly isViewed?: boolean
  /**
   * True if failed records are returned to the topic for another attempt. True for every topic with consumers, except `failures`.
   */
  readonly isRedriven?: boolean
  /** Delay before the next attempt of a record, in milliseconds after the broker's timestamp. Only for retry topics. */
  readonly delayMs?: number
  readonly key: string
  readonly carries: string
}

const MiB = 1024 * 1024

/**
 * Table of all topics. Clock, rules, redriver, dlq-router, permissions, alarms, console and documentation are derived
 * from it. The readings topic has a partition for each of twelve concurrent functions. The other topics have little traffic. The
 * setting PARTITIONS gives topics other numbers of partitions.
 */
const TABLE = {
  readings: {
    ...READINGS_TOPIC,
    partitions: 12,
    timestamps: 'LogAppendTime',
    isTicked: true,
    isRuled: true,
    isViewed: true,
    isRedriven: true,
    key: 'entity key',
    carries: 'all telemetry families, distinguished by type; ticks, rule sets and plans of tables',
  },
  events: {
    ...defineTopic(
      3,
      30,
      MiB,
      'entity',
      'things that happened; rule sets and plans of tables; a tick where records wait for the archiver',
    ),
    // The timers of `views` depend on the broker's clock.
    timestamps: 'LogAppendTime',
    isRuled: true,
    isViewed: true,
    isRedriven: true,
  },
  alerts: {
    ...defineTopic(
      3,
      90,
      MiB,
      'alert fingerprint',
      'alert fired / resolved; a tick where records wait for the archiver',
    ),
    // `notifier` has timers, though none in this topic.
    timestamps: 'LogAppendTime',
    isRedriven: true,
  },
  notifications: {
    ...defineTickedTopic(3, 7, 'group', 'alerts by group, silences, and notifications; ticks'),
    isTickedOften: true,
    isRedriven: true,
  },
  patterns: {
    ...defineTickedTopic(
      3,
      7,
      'group',
      'events that a rule counts together for a group of entities; ticks and rule sets',
    ),
    isRuled: true,
    isRedriven: true,
  },
  'view-rows': {
    ...defineTickedTopic(3, 7, 'group', 'rows for the groups of tables; ticks and plans of tables'),
    isTickedOften: true,
    isViewed: true,
    isRedriven: true,
  },
  'view-changes': {
    ...defineTickedTopic(3, 7, 'group', 'changed rows of tables; ticks and rule sets'),
    isRuled: true,
    isRedriven: true,
  },
  analytics: {
    ...defineTopic(3, 7, MiB, 'entity', 'closed windows, rolling statistics; ticks of the archiver'),
    isRedriven: true,
  },
  failures: defineTopic(3, 7, 2 * MiB, 'original key', 'records that a consumer could not process'),
  'retry-1m': defineRetryTopic(1, 'failures to try again after one minute'),
  'retry-10m': defineRetryTopic(10, 'failures to try again after ten minutes'),
  'retry-1h': defineRetryTopic(60, 'failures to try again after one hour'),
  'input-redrives': {
    ...defineTopic(3, 30, 2 * MiB, 'original key', 'failed records of inputs, for another attempt'),
    timestamps: 'LogAppendTime',
    isRedriven: true,
  },
  dlq: {
    ...defineTopic(
      3,
      30,
      2 * MiB,
      'original key',
      'dead letters, for people; redrives and drops of them; a tick where records wait for the archiver',
    ),
    // The age of a dead letter depends on the broker's clock.
    timestamps: 'LogAppendTime',
  },
} as const satisfies Readonly<Record<string, Topic>>

/** Kind of data in a topic, which is also the third part of the topic's name. */
export type Signal = keyof typeof TABLE

export type RetrySignal = Extract<Signal, `retry-${string}`>

export const TOPICS: Readonly<Record<Signal, Topic>> = TABLE

/** All signals, in the order of the table. */
export const SIGNALS = Object.keys(TOPICS) as readonly Signal[]

/** Returns the configuration of a signal's topic. */
export function topicRow(signal: Signal): Topic {
  return TOPICS[signal]
}

/** Topics in which failures wait for their next attempt, sorted by increasing delay. */
export const RETRY_TOPICS = SIGNALS.filter(
  (signal): signal is RetrySignal => TOPICS[signal].delayMs !== undefined,
)

/**
 * Groups of topics with a common property. `serverless.yml` and the table of event types use their names instead of listing the
 * topics.
 */
export const TOPIC_GROUPS = {
  ticked: rowsWith('isTicked'),
  ruled: rowsWith('isRuled'),
  viewed: rowsWith('isViewed'),
  // Earlier versions appended erasures of entities to these topics.
  erased: ['readings', 'patterns', 'view-rows', 'view-changes'],
  redriven: rowsWith('isRedriven'),
  retries: RETRY_TOPICS,
} as const satisfies Readonly<Record<string, readonly Signal[]>>

/** Topics whose partitions receive a tick every few seconds, because users wait for their timers. */
export const TICKED_OFTEN = rowsWith('isTickedOften')

/** Signal, or name of a group of topics. */
export type TopicWord = Signal | keyof typeof TOPIC_GROUPS

/** Returns the signals for a list of signals and group names. Each signal is listed once. */
export function resolveSignals(words: readonly TopicWord[]): readonly Signal[] {
  const groups: Readonly<Partial<Record<string, readonly Signal[]>>> = TOPIC_GROUPS
  return [...new Set(words.flatMap<Signal>(word => groups[word] ?? [word as Signal]))]
}

function rowsWith(flag: 'isTicked' | 'isTickedOften' | 'isRuled' | 'isViewed' | 'isRedriven'): Signal[] {
  return SIGNALS.filter(signal => TOPICS[signal][flag])
}

function defineTopic(
  partitions: number,
  keptDays: number,
  maxMessageBytes: number,
  key: string,
  carries: string,
): Topic {
  return { partitions, keptDays, timestamps: 'CreateTime', isTicked: false, maxMessageBytes, key, carries }
}

/** Returns the configuration of a topic whose consumers have timers. */
function defineTickedTopic(partitions: number, keptDays: number, key: string, carries: string): Topic {
  return {
    ...defineTopic(partitions, keptDays, MiB, key, carries),
    timestamps: 'LogAppendTime',
    isTicked: true,
  }
}

/**
 * Returns the configuration of a retry topic. All its records have the same delay, so the first record of a partition is always the
 * next one due.
 */
function defineRetryTopic(minutes: number, carries: string): Topic {
  return {
    ...defineTopic(3, 7, 2 * MiB, 'original key', carries),
    timestamps: 'LogAppendTime',
    delayMs: minutes * 60_000,
  }
}
