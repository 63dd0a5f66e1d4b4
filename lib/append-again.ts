/** Decides when content that every partition of a topic must contain is appended to all of them. Pure. */

/** Content that is appended to every partition. */
export interface Appended {
  /** Time of the append, in milliseconds since the epoch. */
  readonly atMs: number
  readonly partitions: number
}

export type AppendReason = 'first' | 'changed' | 'partitions-changed' | 'daily'

const DAY_MS = 24 * 60 * 60_000

/**
 * Returns the reason for appending the content; undefined if it is not due. The content is appended again every day, because a log
 * is kept for only a few days: a replay from its start then reads the content within the first day.
 *
 * @param last content that was appended last; undefined if unknown
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
