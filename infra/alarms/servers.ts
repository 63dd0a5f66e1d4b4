/** Alarms about Kafka and Redis themselves. Pure. */
import { isServerlessCluster } from '../../lib/app/resource-names.ts'
import type { AlarmKind, Cache, Deployed, Watched } from './alarm.ts'
import { counted, MINUTE, WAITS } from './counted.ts'
import { type Metric, ofAllTopics, ofAnyBroker, ofCache, ofKafka } from './metrics.ts'
import { clusterName } from './names.ts'

/** More than this part of what a server can take is too much. */
const PART = 0.8

export const SERVERS = {
  'redis-away': {
    says: 'Consumers cannot reach Redis, or it refuses their commands: their records stay in Kafka.',
    urgency: 'now',
    cause: 'redis',
    watches: counted('deferred', ['store-unavailable']),
    when: WAITS,
    missing: 'notBreaching',
  },
  'kafka-away': {
    says: 'Consumers cannot reach Kafka: what they publish or read waits.',
    urgency: 'now',
    cause: 'kafka',
    watches: counted('deferred', ['broker-unavailable', 'log-unreadable']),
    when: WAITS,
    missing: 'notBreaching',
  },
  'kafka-bytes-in': {
    says: 'Kafka takes in more than four fifths of what it can.',
    urgency: 'soon',
    cause: 'kafka',
    watches: flow('BytesInPerSec'),
    when: ({ alarms }) => ({
      above: alarms.capacity.bytesIn * PART,
      // A minute at a time: the sum over the topics of a longer period would be that of several minutes.
      periodSeconds: MINUTE,
      periods: 15,
      breaching: 12,
      because: 'there is time to add brokers, or to find the producer, before the rest is used',
    }),
    missing: 'notBreaching',
  },
  'kafka-bytes-out': {
    says: 'Kafka gives out more than four fifths of what it can.',
    urgency: 'soon',
    cause: 'kafka',
    watches: flow('BytesOutPerSec'),
    when: ({ alarms }) => ({
      above: alarms.capacity.bytesOut * PART,
      // A minute at a time: the sum over the topics of a longer period would be that of several minutes.
      periodSeconds: MINUTE,
      periods: 15,
      breaching: 12,
      because: 'there is time to add brokers, or to find the reader, before the rest is used',
    }),
    missing: 'notBreaching',
  },
  'under-replicated': {
    says: 'Partitions have fewer copies in sync than they should.',
    urgency: 'now',
    cause: 'kafka',
    watches: ofBrokers('UnderReplicatedPartitions'),
    when: {
      above: 0,
      periodSeconds: MINUTE,
      periods: 10,
      because: 'a broker that is restarted for maintenance is back, and has caught up, sooner',
    },
    // Express brokers do not have this metric.
    missing: 'notBreaching',
  },
  'partitions-offline': {
    says: 'Partitions have no leader: they can be neither read nor written.',
    urgency: 'now',
    cause: 'kafka',
    watches: deployed =>
      isServerlessCluster(deployed.clusterArn)
        ? []
        : [
            {
              value: {
                metric: ofKafka('OfflinePartitionsCount', { 'Cluster Name': clusterName(deployed) }),
                statistic: 'Maximum',
              },
            },
          ],
    when: { above: 0, periodSeconds: MINUTE, periods: 2, because: 'an election takes seconds' },
    missing: 'notBreaching',
  },
  'kafka-disk': {
    says: 'A disk of Kafka is more than 80 % full.',
    urgency: 'now',
    cause: 'kafka',
    watches: ofBrokers('KafkaDataLogsDiskUsed'),
    when: {
      above: 80,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because:
        'a broker whose disk is full stops; storage that grows by itself does so at most once in six hours',
    },
    missing: 'notBreaching',
  },
  'redis-memory': {
    says: 'Redis has used more than four fifths of its memory.',
    urgency: 'now',
    cause: 'redis',
    watches: ofCaches({ serverless: 'BytesUsedForCache', nodes: 'DatabaseMemoryUsagePercentage' }),
    when: ({ alarms: { cache } }) => ({
      above: cache?.kind === 'serverless' ? cache.bytes * PART : 100 * PART,
      periodSeconds: 5 * MINUTE,
      periods: 1,
      because: 'no key expires, so a full store refuses every commit, and all partitions wait',
    }),
    missing: 'notBreaching',
  },
  'redis-evictions': {
    says: 'Redis evicts keys: state is being lost.',
    urgency: 'now',
    cause: 'redis',
    watches: ofCaches({ serverless: 'Evictions', nodes: 'Evictions' }),
    when: {
      above: 0,
      periodSeconds: MINUTE,
      periods: 1,
      because: 'each evicted key is a part of a partition state',
    },
    missing: 'notBreaching',
  },
  'redis-busy': {
    says: 'Redis is at its limit: commands are refused, or its processor is busy.',
    urgency: 'now',
    cause: 'redis',
    watches: ofCaches({ serverless: 'ThrottledCmds', nodes: 'EngineCPUUtilization' }),
    when: ({ alarms: { cache } }) => ({
      above: cache?.kind === 'serverless' ? 0 : 90,
      periodSeconds: MINUTE,
      periods: 5,
      because: 'a serverless cache needs minutes to become larger, and batches wait meanwhile',
    }),
    missing: 'notBreaching',
  },
} as const satisfies Readonly<Record<string, AlarmKind>>

type KafkaMetric = Parameters<typeof ofAnyBroker>[1]

function flow(name: KafkaMetric): AlarmKind['watches'] {
  return deployed => {
    const cluster = clusterName(deployed)
    const query = isServerlessCluster(deployed.clusterArn)
      ? ofAllTopics(cluster, name)
      : ofAnyBroker(cluster, name)
    return [{ value: { query } }]
  }
}

/** MSK Serverless shows no brokers. */
function ofBrokers(name: KafkaMetric): AlarmKind['watches'] {
  return deployed =>
    isServerlessCluster(deployed.clusterArn)
      ? []
      : [{ value: { query: ofAnyBroker(clusterName(deployed), name) } }]
}

type CacheMetric = Parameters<typeof ofCache>[0]

function ofCaches(names: Readonly<Record<Cache['kind'], CacheMetric>>): AlarmKind['watches'] {
  return ({ alarms: { cache } }: Deployed): Watched[] => {
    if (!cache) return []
    const watched = (metric: Metric) => ({ metric, statistic: 'Maximum' }) as const
    if (cache.kind === 'serverless')
      return [{ value: watched(ofCache(names.serverless, { clusterId: cache.name })) }]
    return cache.nodes.map(node => ({
      of: node,
      value: watched(ofCache(names.nodes, { CacheClusterId: node })),
    }))
  }
}
