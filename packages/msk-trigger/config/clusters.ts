import {
  array,
  check,
  exactOptional,
  type GenericSchema,
  pipe,
  record,
  string,
  transform,
  union,
} from 'valibot'
import { withoutLogin } from '../support/config-values.ts'
import { SASL, type SaslSettings, SSL, type TlsSettings } from './security.ts'
import { hiddenMap, hiddenMustBe, mustBe } from './setting-errors.ts'

/** Brokers of a Kafka cluster, with the settings for encryption and authentication. */
export interface ClusterSettings {
  readonly brokers: readonly string[]
  readonly ssl: boolean | TlsSettings
  readonly sasl: SaslSettings | undefined
  /** Section of the settings, for use in messages, such as `custom.mskTrigger.clusters.stock`. */
  readonly section: string
}

/** Value of the setting `custom.mskTrigger.clusters`, with at most one entry. Its key is the ARN, the name or a bootstrap server of a cloud cluster. */
export type LocalClusters = Readonly<
  Record<
    string,
    {
      readonly brokers: readonly string[]
      readonly ssl?: boolean | TlsSettings
      readonly sasl?: SaslSettings
    }
  >
>

/** Builds the error message for invalid brokers. It masks credentials, because a user may have included them by mistake. */
const BROKERS: ReturnType<typeof mustBe> = issue => withoutLogin(mustBe('a list of host:port')(issue))

/** Schema of a list of brokers, or of a text with comma-separated brokers. */
export const BROKER_LIST = pipe(
  union([string(), array(string())], BROKERS),
  check(given => parseBrokers(given).length > 0 && parseBrokers(given).every(isBroker), BROKERS),
  transform(parseBrokers),
)

export const CLUSTERS = pipe(
  record(
    string(),
    hiddenMap({ brokers: BROKER_LIST, ssl: exactOptional(SSL), sasl: exactOptional(SASL) }),
    hiddenMustBe('a map with a cluster'),
  ),
  check(clusters => Object.keys(clusters).length <= 1, 'must have one cluster at most'),
) as GenericSchema<unknown, LocalClusters>

function parseBrokers(given: string | string[]): string[] {
  return typeof given === 'string' ? given.split(',').map(broker => broker.trim()) : given
}

/** Returns true if the text has the form `host:port`. */
function isBroker(entry: string): boolean {
  const [, port] = /^(?:[^\s,:]+|\[[^\]]+\]):(\d+)$/.exec(entry) ?? []
  return Number(port) >= 1 && Number(port) <= 65_535
}

/** Identity of a cluster in the cloud, as far as the settings of an event contain it. */
export interface CloudCluster {
  /** Absent for a self-managed cluster. */
  readonly eventSourceArn?: string
  /** Absent for an MSK cluster. */
  readonly bootstrapServers?: readonly string[]
}

/** Returns the entry of an event's cluster in the settings; undefined for the default brokers. */
export function findCluster(cloud: CloudCluster, clusters: LocalClusters): ClusterSettings | undefined {
  const key = listClusterKeys(cloud).find(key => Object.hasOwn(clusters, key))
  const entry = key === undefined ? undefined : clusters[key]
  if (!entry) return undefined
  const { brokers, ssl = false, sasl } = entry
  return { brokers, ssl, sasl, section: `custom.mskTrigger.clusters.${key}` }
}

/** Returns warnings about clusters in the settings that no event uses, one line each. */
export function unusedClusters(clouds: readonly CloudCluster[], clusters: LocalClusters): string[] {
  const used = new Set(clouds.flatMap(listClusterKeys))
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
export function listBootstrapServers(servers: unknown): readonly string[] | undefined {
  const isKnown =
    Array.isArray(servers) && servers.length > 0 && servers.every(server => typeof server === 'string')
  return isKnown ? servers : undefined
}

function listClusterKeys({ eventSourceArn, bootstrapServers = [] }: CloudCluster): string[] {
  const name = eventSourceArn?.split('/')[1]
  return [
    ...(eventSourceArn === undefined ? [bootstrapServers.join(',')] : [eventSourceArn]),
    ...(name === undefined ? [] : [name]),
    ...bootstrapServers,
  ]
}
