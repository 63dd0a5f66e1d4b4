import { replicationOn } from '../../lib/domain/topics.ts'
import { LOOPBACK } from './ports.ts'

/** One Kafka node: a broker for clients, and a controller that votes with those of the other nodes (KRaft). */
export interface KafkaNode {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
}

const MiB = 1024 * 1024

/**
 * The content of a node's `server.properties`.
 * @param nodes all nodes of the cluster, it among them
 * @param log the folder of its records
 */
export function kafkaProperties(
  { id, port, controllerPort }: KafkaNode,
  nodes: readonly KafkaNode[],
  log: string,
): string {
  const { factor, minInsync } = replicationOn(nodes.length)
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': nodes.map(one => `${one.id}@${LOOPBACK}:${one.controllerPort}`).join(','),
    listeners: `PLAINTEXT://${LOOPBACK}:${port},CONTROLLER://${LOOPBACK}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': log,
    'auto.create.topics.enable': false,
    // Above the 2 MiB of the largest topics, with room for the batch around a message.
    'message.max.bytes': 3 * MiB,
    'replica.fetch.max.bytes': 3 * MiB,
    // What Kafka keeps for itself, offsets above all, must outlive a broker as well as the topics do.
    'default.replication.factor': factor,
    'min.insync.replicas': minInsync,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': minInsync,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': minInsync,
    // Sized for one machine; the defaults are for a cluster and slow down the start.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16 * MiB,
    'group.initial.rebalance.delay.ms': 0,
    'controlled.shutdown.max.retries': 1,
    ...(nodes.length > 1 ? NOTICED_SOON : {}),
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/**
 * Until a lost broker is given up, nothing is acknowledged that it had a copy of, and it may not come back: with the
 * nine seconds of the default that would be longer than a client here is patient.
 */
const NOTICED_SOON = { 'broker.session.timeout.ms': 3_000, 'broker.heartbeat.interval.ms': 500 }
