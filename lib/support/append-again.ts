/** Decides when data that must be present in every partition of a topic is appended again. Pure. */
import { DAY_MS } from './duration.ts'

/** Data that was appended to every partition, such as a rule set. */
export interface Appended {
  /** Time at which the data was appended, in milliseconds since the epoch. */
  readonly atMs: number
  readonly partitions: number
}

export type AppendReason = 'first' | 'changed' | 'partitions-changed' | 'daily'

/**
 * Returns the reason to append the data, or undefined if that is not necessary. Data is appended again every day, because a log is
 * retained for only a few days. A replay from the start of the log then finds the data within the first day.
 *
 * @param last data that was appended last; undefined if unknown
 * @param getVersion returns a value that changes whenever the data changes
 */
export function whyAppend<Kind extends Appended>(
  last: Kind | undefined,
  next: Kind,
  getVersion: (kind: Kind) => string | number,
): AppendReason | undefined {
  if (!last) return 'first'
  if (getVersion(last) !== getVersion(next)) return 'changed'
  if (last.partitions !== next.partitions) return 'partitions-changed'
  return next.atMs - last.atMs >= DAY_MS ? 'daily' : undefined
}
