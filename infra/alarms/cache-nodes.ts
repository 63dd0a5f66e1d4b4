/** The nodes of an ElastiCache that is not serverless. Pure. */

const NODE = /^[a-zA-Z][\w-]{0,49}$/
const CLUSTER = /^([a-zA-Z][\w-]{0,39})\/([1-9]\d{0,2})$/

/**
 * How many nodes can have alarms. Each has three, and a template has 500 resources at most, of which everything else needs some 250:
 * this leaves room for functions of your own.
 */
export const MAX_CACHE_NODES = 60

/** A primary and its replica, as the long-lived stack makes them. */
const IN_EACH_SHARD = ['001', '002']

/** Whether this is the id of a node, or `CLUSTER/SHARDS`. */
export function isCacheNodes(text: string): boolean {
  return NODE.test(text) || CLUSTER.test(text)
}

/**
 * The ids of the nodes that a text stands for: `telemetry/2` for `telemetry-0001-001` to `telemetry-0002-002`. A cluster that has been
 * made smaller may have other numbers.
 */
export function cacheNodes(text: string): string[] {
  const [, cluster, shards] = CLUSTER.exec(text) ?? []
  if (cluster === undefined) return [text]
  return Array.from({ length: Number(shards) }, (_, at) => String(at + 1).padStart(4, '0')).flatMap(shard =>
    IN_EACH_SHARD.map(node => `${cluster}-${shard}-${node}`),
  )
}
