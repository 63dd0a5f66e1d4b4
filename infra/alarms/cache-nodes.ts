/** Nodes of an ElastiCache cluster that is not serverless. Pure. */

const NODE = /^[a-zA-Z][\w-]{0,49}$/
const CLUSTER = /^([a-zA-Z][\w-]{0,39})\/([1-9]\d{0,2})$/

/**
 * Maximum number of nodes with alarms. Each node has two alarms. A template can have at most 500 resources, and the project uses
 * about 350 without these alarms. The remaining 30 are available for your own functions.
 */
export const MAX_CACHE_NODES = 40

/** Suffixes of the nodes of a shard: a primary and its replica, as the long-lived stack creates them. */
const IN_EACH_SHARD = ['001', '002']

/** Returns whether the text is the id of a node, or has the form `CLUSTER/SHARDS`. */
export function isCacheNodes(text: string): boolean {
  return NODE.test(text) || CLUSTER.test(text)
}

/**
 * Expands a text to node ids. For example, `telemetry/2` becomes the four nodes from `telemetry-0001-001` to `telemetry-0002-002`.
 * If shards have been removed from a cluster, its remaining shards may have other numbers.
 */
export function cacheNodes(text: string): string[] {
  const [, cluster, shards] = CLUSTER.exec(text) ?? []
  if (cluster === undefined) return [text]
  return Array.from({ length: Number(shards) }, (_, at) => String(at + 1).padStart(4, '0')).flatMap(shard =>
    IN_EACH_SHARD.map(node => `${cluster}-${shard}-${node}`),
  )
}
