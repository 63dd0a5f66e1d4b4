/** Number of copies of each record, and number of those that must exist before the record counts as written. */
export interface Replication {
  readonly factor: number
  readonly minInsync: number
}

/** Enough copies to survive the loss of one broker; more would only add cost. */
const MOST_COPIES = 3

/**
 * The replication of every topic: a chain of topics is only as safe as its weakest, so all have the same. There is a copy on each
 * broker, up to three, and all but one must be in sync: with three brokers, any one may fail and everything continues. A cluster
 * on AWS has three brokers; a laptop has one, or three if wanted.
 */
export function replicationOn(brokers: number): Replication {
  const factor = Math.min(brokers, MOST_COPIES)
  return { factor, minInsync: Math.max(1, factor - 1) }
}
