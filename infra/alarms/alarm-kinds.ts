/** All kinds of alarms by their heading in docs/runbook.md, and their causes. Pure. */
import type { AlarmKind, CauseName } from './alarm.ts'
import {
  combineSources,
  watchBrokers,
  watchCacheMemory,
  watchErrors,
  watchLag,
  watchLagRecords,
  watchPublishing,
  watchScheduledMetric,
  watchSchedules,
  watchSum,
  watchUndelivered,
  whereLimited,
} from './watched-values.ts'

interface Cause {
  /** Description of the cause in one sentence. */
  readonly says: string
  /**
   * True to suppress notifications while Redis or Kafka is unavailable. Do not set it for alarms that recover within minutes,
   * because their notifications would be lost.
   */
  readonly followsServers?: true
}

export const CAUSES = {
  redis: { says: 'Redis is unavailable, full or overloaded, or loses keys.' },
  kafka: { says: 'Kafka is unavailable or near its limits.' },
  progress: { says: 'Consumers are lagging or have stopped.', followsServers: true },
  functions: { says: 'Functions fail or do not run.', followsServers: true },
  code: { says: 'Code fails to process records or timers.' },
  data: { says: 'Records or states are lost, rejected or misplaced.' },
  'dead-letters': { says: 'Dead letters need to be handled.', followsServers: true },
  receivers: { says: 'Receivers do not accept notifications, or SNS cannot deliver them.' },
} as const satisfies Readonly<Record<CauseName, Cause>>

/** Condition of the alarms that watch waiting partitions. */
const WAITS = {
  periods: 6,
  breaching: 3,
  because:
    'a failover or a rolling restart of servers ends sooner; between two attempts of an event source mapping, a minute can have no data',
} as const satisfies Partial<AlarmKind>

export const ALARM_KINDS: Readonly<Record<string, AlarmKind>> = {
  'lag-seconds': {
    says: 'A consumer lags by more than five minutes, or is not running.',
    cause: 'progress',
    watches: watchLag,
    above: 300,
    periods: 5,
    because: 'a deployment or a lost broker takes two minutes',
    missing: 'breaching',
  },
  'lag-records': {
    says: 'A consumer lags behind a topic by more records than ALARM_LAG_RECORDS.',
    cause: 'progress',
    watches: whereLimited('ALARM_LAG_RECORDS', watchLagRecords),
    periods: 5,
    because: 'a burst is processed within minutes',
  },
  'partition-waits': {
    says: 'A consumer cannot continue in a partition. Its records stay in Kafka.',
    cause: 'progress',
    watches: watchSum('deferred'),
    ...WAITS,
  },
  'breaker-open': {
    says: 'Nearly all records fail unexpectedly. The consumer leaves them in Kafka.',
    cause: 'code',
    watches: watchSum('breaker-open'),
    because: 'the circuit breaker opens only after twenty decisions, so no further delay is needed',
  },
  errors: {
    says: 'A function fails repeatedly: it throws, or runs out of time or memory.',
    cause: 'functions',
    watches: watchErrors,
    minutes: 5,
    periods: 2,
    because: 'Lambda retries failed invocations',
  },
  'schedule-missed': {
    says: 'A scheduled function has not succeeded for five intervals.',
    cause: 'functions',
    watches: watchSchedules,
    below: 1,
    minutes: 5,
    because: 'the log clock bridges at most two minutes of silence; after five minutes, timers are late',
    missing: 'breaching',
  },
  'records-lost': {
    says: 'Records were deleted by retention before they were processed, and are lost.',
    cause: 'data',
    watches: watchSum('expired'),
    because: 'the records cannot be recovered, and further ones may be lost',
  },
  'range-read-back': {
    says: 'Offsets that were not delivered are read back from the log. Redis may have lost writes.',
    cause: 'data',
    watches: watchSum('range-read-back'),
    because:
      'the consumer recovers automatically, but the cause, such as lost writes or a reset group, has to be found',
  },
  'topic-settings': {
    says: 'The settings of a topic differ from the table of topics: Kafka rejects records, or timers follow the clocks of producers.',
    cause: 'data',
    watches: combineSources({ refused: watchSum('refused'), times: watchSum('timed-by-producers') }),
    because: 'the setting has to be changed; each rejected record is replaced by a failure record',
  },
  misrouted: {
    says: 'Records are not in the partition of their key, because a producer uses another partitioner.',
    cause: 'data',
    watches: watchSum('misrouted'),
    because: 'each such record may split the state of an entity',
  },
  'failed-unexpectedly': {
    says: 'A consumer threw an exception at a record or a timer, which is a bug, or refused its own timer.',
    cause: 'code',
    watches: combineSources({
      record: watchSum('failed/unexpected-error'),
      parked: watchSum('parked-failed/unexpected-error'),
      timer: watchSum('timer/timer-failed', 'timer/timer-rejected'),
    }),
    because: 'no data may make a consumer throw, so each exception is a bug, and timers are not retried',
  },
  'dead-letters-open': {
    says: 'Dead letters have been open for 15 minutes, or cannot be counted.',
    cause: 'dead-letters',
    watches: watchScheduledMetric('deadLettersOpen'),
    periods: 15,
    because: 'the time is sufficient for a redrive or a drop; the dlq topic retains records for 30 days',
    missing: 'breaching',
  },
  'receiver-refuses': {
    says: 'A receiver has not accepted records for 15 minutes.',
    cause: 'receivers',
    watches: watchSum('offer-failed'),
    minutes: 5,
    periods: 3,
    because: 'each record is sent three times within seconds, and then retried later',
  },
  'notifications-undelivered': {
    says: 'SNS could not deliver messages of a topic for notifications or alarms.',
    cause: 'receivers',
    watches: watchUndelivered,
    minutes: 5,
    because: 'SNS has exhausted its retries, so a subscriber was not notified',
  },
  'state-bounds': {
    says: 'A partition state has reached a bound: failures are forgotten, or the readings of new entities become dead letters.',
    cause: 'data',
    watches: combineSources({
      failures: watchSum('failure-memory/nearly-full', 'failure-memory/forgotten'),
      entities: watchSum('failed/too-many-new-entities'),
    }),
    because: 'forgotten failures cannot be redriven, and a faulty producer would fill the store',
  },
  'order-given-up': {
    says: 'An entity was held for longer than its consumer allows, so its events are no longer processed in order.',
    cause: 'code',
    watches: watchSum('released/full', 'released/time'),
    because: 'later events of the entity were processed before one that is still being retried',
  },
  'state-from-nothing': {
    says: 'A consumer reads a partition from its beginning, because it is new or because Redis is empty.',
    cause: 'data',
    watches: watchSum('no-applied-offset'),
    because: 'a consumer that is not new has lost all its state',
  },
  'redis-away': {
    says: 'Consumers cannot reach Redis, or it rejects their commands. Their records stay in Kafka.',
    cause: 'redis',
    watches: watchSum('deferred/store-unavailable'),
    ...WAITS,
  },
  'kafka-away': {
    says: 'Consumers cannot reach Kafka, so they can neither publish nor read back records.',
    cause: 'kafka',
    watches: watchSum('deferred/broker-unavailable', 'deferred/log-unreadable'),
    ...WAITS,
  },
  'publish-slow': {
    says: 'Kafka takes longer than ALARM_PUBLISH_MS to acknowledge one in a hundred publishes of a function.',
    cause: 'kafka',
    watches: whereLimited('ALARM_PUBLISH_MS', watchPublishing),
    minutes: 5,
    periods: 3,
    because: 'the first publish of a cold start has to connect, which explains shorter periods',
  },
  'kafka-bytes': {
    says: 'A Kafka broker receives or sends more than four fifths of KAFKA_CAPACITY_IN or KAFKA_CAPACITY_OUT.',
    cause: 'kafka',
    watches: combineSources({
      in: whereLimited('KAFKA_CAPACITY_IN', watchBrokers('BytesInPerSec')),
      out: whereLimited('KAFKA_CAPACITY_OUT', watchBrokers('BytesOutPerSec')),
    }),
    periods: 15,
    breaching: 12,
    because: 'the remaining fifth leaves time to add brokers, or to find the producer or reader',
  },
  'under-replicated': {
    says: 'Partitions have fewer in-sync replicas than they should.',
    cause: 'kafka',
    watches: watchBrokers('UnderReplicatedPartitions'),
    periods: 10,
    because: 'a broker that is restarted for maintenance catches up sooner',
  },
  'kafka-disk': {
    says: 'A disk of a Kafka broker is more than 80 % full.',
    cause: 'kafka',
    watches: watchBrokers('KafkaDataLogsDiskUsed'),
    above: 80,
    minutes: 5,
    because:
      'a broker with a full disk stops, and automatic storage expansion happens at most once in six hours',
  },
  'redis-memory': {
    says: 'Redis uses more than four fifths of its memory, or evicts keys, so that state is lost.',
    cause: 'redis',
    watches: watchCacheMemory,
    minutes: 5,
    because: 'keys do not expire, so a full store rejects all commits, and all partitions wait',
  },
}
