import { ConfigurationError } from '../support/framework.ts'
import {
  type ClusterSettings,
  encryptionOf,
  isBroker,
  type KnownClusters,
  type LocalClusters,
  settingNames,
} from './clusters.ts'
import { type KafkaEvent, nameOf } from './event-settings.ts'

/** Identity of a cluster in the cloud, as far as the settings of an event contain it. */
export interface CloudCluster {
  /** Absent for a self-managed cluster. */
  readonly eventSourceArn?: string
  /** Absent for an MSK cluster. */
  readonly bootstrapServers?: readonly string[]
}

/**
 * Returns the cluster that an event reads from: its entry in the settings, or its own bootstrap servers if they are on this machine
 * or if no default brokers are set. Returns undefined for the default brokers.
 */
export function clusterOf(
  kafkaEvent: KafkaEvent,
  cloud: CloudCluster,
  { brokers, clusters }: KnownClusters,
): ClusterSettings | undefined {
  const own = ownCluster(kafkaEvent, cloud)
  const key = keysOf(cloud).find(one => Object.hasOwn(clusters, one))
  const entry = key === undefined ? undefined : clusters[key]
  if (!entry) return own && (brokers.length === 0 || own.brokers.every(isOnThisMachine)) ? own : undefined
  const at = entry.brokers ?? own?.brokers
  const names = settingNames(`custom.mskTrigger.clusters.${key}`)
  if (!at) throw new ConfigurationError(`${names.brokers} must be a non-empty list of host:port addresses`)
  if (own && !entry.brokers && entry.ssl === undefined && !entry.sasl) return own
  return { brokers: at, ssl: encryptionOf(entry), sasl: entry.sasl, names }
}

/** Returns warnings about clusters in the settings that no event uses, one line each. */
export function unusedClusters(clouds: readonly CloudCluster[], clusters: LocalClusters): string[] {
  const used = new Set(clouds.flatMap(keysOf))
  return Object.keys(clusters)
    .filter(key => !used.has(key))
    .map(
      key =>
        `custom.mskTrigger.clusters.${key} is not read: no enabled event has a cluster of this ARN or name, or this bootstrap server`,
    )
}

export function cloudName({ eventSourceArn, bootstrapServers = [] }: CloudCluster): string {
  return eventSourceArn ?? bootstrapServers.join(',')
}

/** Returns the bootstrap servers of a `kafka` event; undefined if they cannot be resolved locally. */
export function bootstrapServersIn(servers: unknown): readonly string[] | undefined {
  const isKnown =
    Array.isArray(servers) && servers.length > 0 && servers.every(one => typeof one === 'string')
  return isKnown ? servers : undefined
}

function keysOf({ eventSourceArn, bootstrapServers = [] }: CloudCluster): string[] {
  const name = eventSourceArn?.split('/')[1]
  return [
    ...(eventSourceArn === undefined ? [bootstrapServers.join(',')] : [eventSourceArn]),
    ...(name === undefined ? [] : [name]),
    ...bootstrapServers,
  ]
}

/** SASL mechanism for each entry of `accessConfigurations`. The value of an entry is a list with the ARN of a secret. */
const MECHANISMS = {
  saslScram512Auth: 'scram-sha-512',
  saslScram256Auth: 'scram-sha-256',
  saslPlainAuth: 'plain',
} as const

/** Returns the self-managed cluster that a `kafka` event describes. Like Lambda, it uses TLS whenever it authenticates. */
function ownCluster(kafkaEvent: KafkaEvent, { bootstrapServers }: CloudCluster): ClusterSettings | undefined {
  if (!bootstrapServers?.every(isBroker)) return undefined
  const access = (kafkaEvent.event.accessConfigurations ?? {}) as Readonly<Record<string, unknown>>
  const secretOf = (name: string) => [access[name]].flat().find(one => typeof one === 'string')
  const [name, mechanism] = Object.entries(MECHANISMS).find(([one]) => secretOf(one)) ?? []
  const [ca, certificate] = [secretOf('serverRootCaCertificate'), secretOf('clientCertificateTlsAuth')]
  const secret = name && secretOf(name)
  const isEncrypted = (secret ?? ca ?? certificate) !== undefined
  const credentials = `accessConfigurations of the ${nameOf(kafkaEvent)}`
  return {
    brokers: bootstrapServers,
    ssl: isEncrypted && { ...(ca && { ca }), ...(certificate && { secret: certificate }) },
    sasl: mechanism && secret ? { mechanism, secret } : undefined,
    names: {
      brokers: `bootstrapServers of the ${nameOf(kafkaEvent)}`,
      ssl: credentials,
      sasl: credentials,
      override: `custom.mskTrigger.clusters.${bootstrapServers.join(',')}`,
    },
  }
}

function isOnThisMachine(broker: string): boolean {
  return /^(localhost|127\.[\d.]+|\[::1\]):/.test(broker)
}
