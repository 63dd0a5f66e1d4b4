/** Number of copies of each record, and of those that must exist before the record counts as written. */
export interface Replication {
  readonly factor: number
  readonly minInsync: number
}

/** Enough copies to survive the loss of one broker; more would only add cost. */
const MAX_COPIES = 3

/**
 * Returns the replication of every topic: a chain of topics is only as safe as its weakest. All copies but one must be in sync: with three
 * brokers, any one may fail and everything continues.
 */
export function replicationOn(brokers: number): Replication {
  const factor = Math.min(brokers, MAX_COPIES)
  return { factor, minInsync: Math.max(1, factor - 1) }
}
