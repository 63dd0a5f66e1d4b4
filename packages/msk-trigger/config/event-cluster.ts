import type { ClusterSettings, LocalClusters } from './clusters.ts'

/** Identity of a cluster in the cloud, as far as the settings of an event contain it. */
export interface CloudCluster {
  /** Absent for a self-managed cluster. */
  readonly eventSourceArn?: string
  /** Absent for an MSK cluster. */
  readonly bootstrapServers?: readonly string[]
}

/** Returns the entry of an event's cluster in the settings; undefined for the default brokers. */
export function clusterOf(cloud: CloudCluster, clusters: LocalClusters): ClusterSettings | undefined {
  const key = keysOf(cloud).find(one => Object.hasOwn(clusters, one))
  const entry = key === undefined ? undefined : clusters[key]
  if (!entry) return undefined
  const { brokers, ssl = false, sasl } = entry
  return { brokers, ssl, sasl, section: `custom.mskTrigger.clusters.${key}` }
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
