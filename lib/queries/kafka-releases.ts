/** Maps levels of the feature `metadata.version` to releases of Kafka. Pure. */

/** First level of each release (from Kafka's `MetadataVersion`), newest first. */
const FIRST_LEVELS: readonly (readonly [level: number, release: string])[] = [
  [30, '4.3'],
  [28, '4.2'],
  [26, '4.1'],
  [22, '4.0'],
  [21, '3.9'],
  [20, '3.8'],
  [15, '3.7'],
  [12, '3.6'],
  [9, '3.5'],
  [8, '3.4'],
  [4, '3.3'],
]
/** Newest level in the table. It belongs to the newest known release; higher levels belong to that release or a later one. */
const NEWEST_LEVEL = 30

/** Returns the release for a level, such as `4.3`. Returns `4.3 or later` for a level above the table. */
export function releaseOf(level: number): string {
  const [, release] = FIRST_LEVELS.find(([first]) => level >= first) ?? [0, undefined]
  if (release === undefined) return 'before 3.3'
  return level > NEWEST_LEVEL ? `${release} or later` : release
}
