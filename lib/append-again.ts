/** When what every partition of a topic must have is appended to all of them. Pure. */

/** Content that was appended to every partition, or is to be appended. */
export interface Appended {
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly partitions: number
}

export type AppendReason = 'first' | 'changed' | 'partitions-changed' | 'daily'

const DAY_MS = 24 * 60 * 60_000

/**
 * Why it is due; undefined if it is not. It is appended again every day because a log is kept for a few days only: a replay from
 * its start then meets it within the first day.
 *
 * @param last undefined if nothing is known to have been appended
 * @param versionOf returns the version of a content
 */
export function whyAppend<Kind extends Appended>(
  last: Kind | undefined,
  next: Kind,
  versionOf: (one: Kind) => string | number,
): AppendReason | undefined {
  if (!last) return 'first'
  if (versionOf(last) !== versionOf(next)) return 'changed'
  if (last.partitions !== next.partitions) return 'partitions-changed'
  return next.atMs - last.atMs >= DAY_MS ? 'daily' : undefined
}
