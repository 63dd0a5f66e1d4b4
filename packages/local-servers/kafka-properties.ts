import { replicationOn } from '@sluice/kafka-records/replication'
import { LOOPBACK } from './ports.ts'

/** A Kafka node that is a broker and a controller (KRaft). */
export interface KafkaNode {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
}

const MiB = 1024 * 1024

/**
 * Returns the properties of a node.
 *
 * @param nodes all nodes of the cluster, including this one
 * @param log folder for the records of this node
 */
export function kafkaProperties(
  { id, port, controllerPort }: KafkaNode,
  nodes: readonly KafkaNode[],
  log: string,
): Readonly<Record<string, string | number | boolean>> {
  const { factor, minInsync } = replicationOn(nodes.length)
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': nodes.map(node => `${node.id}@${LOOPBACK}:${node.controllerPort}`).join(','),
    listeners: `PLAINTEXT://${LOOPBACK}:${port},CONTROLLER://${LOOPBACK}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': log,
    'auto.create.topics.enable': false,
    // Larger than the topic maximum of 2 MiB, to leave room for the batch that contains a message.
    'message.max.bytes': 3 * MiB,
    'replica.fetch.max.bytes': 3 * MiB,
    // Kafka's internal topics, in particular the offsets topic, must survive the loss of a broker in the same way as all other
    // topics.
    'default.replication.factor': factor,
    'min.insync.replicas': minInsync,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': minInsync,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': minInsync,
    // Values for a single machine. The defaults are intended for clusters and slow down the start.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16 * MiB,
    'group.initial.rebalance.delay.ms': 0,
    'controlled.shutdown.max.retries': 1,
    ...(nodes.length > 1 ? FAST_FAILURE_DETECTION : {}),
  }
}

export function propertiesText(properties: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/**
 * Settings for detecting lost brokers quickly. Until a loss is detected, writes to the broker's partitions are not acknowledged,
 * and the default of nine seconds exceeds the timeouts of local clients.
 */
const FAST_FAILURE_DETECTION = { 'broker.session.timeout.ms': 3_000, 'broker.heartbeat.interval.ms': 500 }
