/** Facts about a healthy environment, of which each test changes one. */
import type {
  BatchFacts,
  ConsumerFacts,
  FoundTopic,
  KafkaFacts,
  PartitionProgress,
  RedisServer,
  Settings,
  Standards,
  TopicFacts,
} from '../../control/diagnosis/facts.ts'
import type { Finding, Observed } from '../../control/diagnosis/finding.ts'

export const ACCOUNT: Standards = { isLocal: false, brokers: 3, replication: 3, minInsync: 2 }
export const MACHINE: Standards = { isLocal: true, brokers: 1, replication: 1, minInsync: 1 }
export const NOW_MS = Date.parse('2026-01-01T12:00:00Z')

export const BROKER_SETTINGS: Settings = {
  'auto.create.topics.enable': 'false',
  'unclean.leader.election.enable': 'false',
  'offsets.retention.minutes': '10080',
}

export function broker(
  id: number,
  rack: string | null,
  settings: Observed<Settings> = { seen: BROKER_SETTINGS },
) {
  return { id, address: `b-${id}:9098`, rack, settings }
}

export function kafka(changes: Partial<KafkaFacts> = {}, settings: Settings = BROKER_SETTINGS): KafkaFacts {
  const brokers = [1, 2, 3].map(id => broker(id, `zone-${id}`, { seen: settings }))
  return { address: 'b-1:9098', auth: 'iam', encrypted: true, cluster: { seen: { brokers } }, ...changes }
}

const TOPIC_SETTINGS: Settings = {
  'min.insync.replicas': '2',
  'retention.ms': String(7 * 86_400_000),
  'retention.bytes': '-1',
  'cleanup.policy': 'delete',
  'message.timestamp.type': 'LogAppendTime',
  'max.message.bytes': '1048576',
  'compression.type': 'producer',
}

export function batch(changes: Partial<BatchFacts> = {}): BatchFacts {
  return {
    isCompressed: true,
    records: 100,
    bytes: 20_000,
    isIdempotent: true,
    timestampMs: NOW_MS - 30_000,
    ...changes,
  }
}

export function topic(changes: Partial<FoundTopic> = {}, settings: Settings = {}): TopicFacts {
  const partitions = [0, 1].map(partition => ({
    partition,
    leader: 1,
    replicas: [1, 2, 3],
    inSync: [1, 2, 3],
  }))
  return {
    topic: 'readings',
    wanted: {
      name: 'readings',
      partitions: 2,
      keptDays: 7,
      timestamps: 'LogAppendTime',
      maxMessageBytes: 1_048_576,
    },
    found: {
      seen: {
        partitions,
        settings: { seen: { ...TOPIC_SETTINGS, ...settings } },
        newest: { seen: [0, 1].map(partition => ({ partition, batches: [batch()] })) },
        ...changes,
      },
    },
  }
}

export function progress(changes: Partial<PartitionProgress> = {}): PartitionProgress {
  return {
    partition: 0,
    start: 0,
    end: 1_000,
    committedBefore: 1_000,
    committedAfter: 1_000,
    applied: 999,
    outbox: 0,
    waitsSeconds: 0,
    ...changes,
  }
}

export function consumer(
  partition: Partial<PartitionProgress> = {},
  changes: Partial<ConsumerFacts> = {},
): ConsumerFacts {
  return {
    function: 'alerting',
    group: 'sluice-alerting-prod',
    topic: 'readings',
    batchSize: 500,
    windowMs: 1_000,
    writesSegments: false,
    isInput: false,
    breakerOpenUntilMs: { seen: undefined },
    state: { seen: { state: 'stable', clients: ['msk-trigger-1'] } },
    partitions: { seen: [progress(partition)] },
    ...changes,
  }
}

const INFO = {
  redis_version: '7.2.4',
  valkey_version: '9.1.0',
  maxmemory_policy: 'noeviction',
  evicted_keys: '0',
  used_memory: '1048576',
  maxmemory: '0',
  cluster_enabled: '0',
  connected_slaves: '1',
  connected_clients: '9',
}

export function redisServer(info: Record<string, string | undefined> = {}): RedisServer {
  const known = Object.entries({ ...INFO, ...info }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return {
    address: 'cache:6379',
    info: { seen: Object.fromEntries(known) },
  }
}

/** Returns the findings whose verdict is not `ok`, each as `check verdict`. */
export function notOk(findings: readonly Finding[]): string[] {
  return findings.filter(({ verdict }) => verdict !== 'ok').map(({ check, verdict }) => `${check} ${verdict}`)
}
