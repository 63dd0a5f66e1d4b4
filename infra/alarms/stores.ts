/** Alarms about consumer states, Kafka and Redis. Pure. */
import type { AlarmKind } from './alarm.ts'
import { aboveZero, brokers, caches, counted, together, WAITS } from './sources.ts'

/** Share of a server's capacity above which it counts as overloaded. */
const PART = 0.8

export const STORES = {
  'state-bounds': {
    says: 'A partition state has reached a bound: failures are forgotten, or the readings of new entities become dead letters.',
    urgency: 'now',
    cause: 'data',
    watches: together({
      failures: counted('failure-memory', ['nearly-full', 'forgotten']),
      entities: counted('failed', ['too-many-new-entities']),
    }),
    because: 'forgotten failures cannot be redriven, and a faulty producer would fill the store',
  },
  'order-given-up': {
    says: 'An entity was held for longer than its consumer allows, so its events are no longer processed in order.',
    urgency: 'soon',
    cause: 'code',
    watches: counted('released', ['full', 'time']),
    because: 'later events of the entity were processed before one that is still being retried',
  },
  'state-from-nothing': {
    says: 'A consumer reads a partition from its beginning, because it is new or because Redis is empty.',
    urgency: 'soon',
    cause: 'data',
    watches: counted('no-applied-offset'),
    because: 'a consumer that is not new has lost all its state',
  },
  'redis-away': {
    says: 'Consumers cannot reach Redis, or it rejects their commands. Their records stay in Kafka.',
    urgency: 'now',
    cause: 'redis',
    watches: counted('deferred', ['store-unavailable']),
    ...WAITS,
  },
  'kafka-away': {
    says: 'Consumers cannot reach Kafka, so they can neither publish nor read back records.',
    urgency: 'now',
    cause: 'kafka',
    watches: counted('deferred', ['broker-unavailable', 'log-unreadable']),
    ...WAITS,
  },
  'under-replicated': {
    says: 'Partitions have fewer in-sync replicas than they should.',
    urgency: 'now',
    cause: 'kafka',
    watches: brokers('UnderReplicatedPartitions'),
    periods: 10,
    because: 'a broker that is restarted for maintenance catches up sooner',
    // Express brokers do not report this metric.
    missing: 'notBreaching',
  },
  'kafka-disk': {
    says: 'A disk of a Kafka broker is more than 80 % full.',
    urgency: 'now',
    cause: 'kafka',
    watches: brokers('KafkaDataLogsDiskUsed'),
    above: 80,
    minutes: 5,
    because:
      'a broker with a full disk stops, and automatic storage expansion happens at most once in six hours',
  },
  'redis-memory': {
    says: 'Redis uses more than four fifths of its memory, or evicts keys, so that state is lost.',
    urgency: 'now',
    cause: 'redis',
    watches: together({
      used: caches({ serverless: 'BytesUsedForCache', nodes: 'DatabaseMemoryUsagePercentage' }),
      evicted: aboveZero(caches({ serverless: 'Evictions', nodes: 'Evictions' })),
    }),
    above: ({ alarms: { cache } }) => (cache?.kind === 'serverless' ? cache.bytes * PART : 100 * PART),
    minutes: 5,
    because: 'keys do not expire, so a full store rejects all commits, and all partitions wait',
  },
} as const satisfies Readonly<Record<string, AlarmKind>>
