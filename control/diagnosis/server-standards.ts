/** Lists the servers of a configuration, and the requirements for them. Pure. */

import { replicationOn } from '@sluice/kafka-records/replication'
import { describeAddress, parseRedisUrl } from '#runtime/operating/servers'
import { isServerlessCluster } from '../../lib/app/naming/resource-names.ts'
import { isLoopback } from '../../lib/support/loopback.ts'
import type { Config } from '../environment/config.ts'
import type { KafkaFacts, RedisFacts, Standards } from './facts.ts'

/** Minimum number of brokers in an AWS account. Brokers in three availability zones tolerate the loss of any one zone. */
const BROKERS_OF_AN_ACCOUNT = 3

export function describeKafka({ kafka }: Config): Omit<KafkaFacts, 'cluster'> {
  const { brokers, clusterArn, auth, encrypted } = kafka
  return {
    address: brokers.join(', ') || clusterArn || '',
    auth,
    encrypted: auth !== 'none' && encrypted !== false,
  }
}

export function describeRedis({ redis }: Config): Pick<RedisFacts, 'address' | 'encrypted' | 'mode'> {
  const address = parseRedisUrl(redis.url)
  return {
    address: address ? describeAddress(address) : '',
    encrypted: address?.tls ?? false,
    mode: redis.mode,
  }
}

/**
 * Returns the requirements for the servers. Topics of a local cluster have a replica on each broker, at most three. Topics of other
 * clusters must have as many replicas as in an AWS account.
 *
 * @param brokers number of brokers in the cluster
 */
export function resolveStandards(config: Config, asAccount: boolean, brokers: number): Standards {
  if (asAccount || !isThisMachine(config)) {
    const { factor, minInsync } = replicationOn(BROKERS_OF_AN_ACCOUNT)
    // MSK Serverless does not report its number of brokers.
    const isServerless = isServerlessCluster(config.kafka.clusterArn ?? '')
    const least = isServerless ? 1 : BROKERS_OF_AN_ACCOUNT
    return { isLocal: false, brokers: least, replication: factor, minInsync }
  }
  const { factor, minInsync } = replicationOn(brokers)
  return { isLocal: true, brokers: 1, replication: factor, minInsync }
}

function isThisMachine({ isOneMachine, kafka, redis }: Config): boolean {
  // Containers of one machine have names of their own.
  if (isOneMachine) return true
  const hosts = [
    ...kafka.brokers.map(broker => broker.replace(/:\d+$/, '')),
    ...(parseRedisUrl(redis.url)?.hosts ?? []).map(({ host }) => host),
  ]
  return kafka.brokers.length > 0 && hosts.every(isLoopback)
}
