/** Number of replicas of each record, and number of replicas that must be in sync before a record counts as written. */
export interface Replication {
  readonly factor: number
  readonly minInsync: number
}

/**
 * Maximum number of replicas. Three replicas are sufficient for the loss of one broker; more replicas would only increase the cost.
 */
const MAX_COPIES = 3

/**
 * Returns the replication of all topics. Every topic has the same replication, because events pass through several topics and could
 * be lost in each. All replicas except one must be in sync, so that any one of three brokers may fail without interrupting service.
 */
export function replicationOn(brokers: number): Replication {
  const factor = Math.min(brokers, MAX_COPIES)
  return { factor, minInsync: Math.max(1, factor - 1) }
}
