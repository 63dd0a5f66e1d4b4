/** Number of replicas of each record, and of those that must be in sync before a record counts as written. */
export interface Replication {
  readonly factor: number
  readonly minInsync: number
}

/** Three replicas survive the loss of one broker; more would only increase the cost. */
const MAX_COPIES = 3

/**
 * Returns the replication of every topic, which is the same for all because a chain of topics is only as safe as its weakest link.
 * All replicas except one must be in sync, so that any one of three brokers may fail without interrupting service.
 */
export function replicationOn(brokers: number): Replication {
  const factor = Math.min(brokers, MAX_COPIES)
  return { factor, minInsync: Math.max(1, factor - 1) }
}
