/** Which release of Kafka a level of the feature `metadata.version` belongs to. Pure. */

/** The first level of each release (Kafka's `MetadataVersion`), the newest first. */
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
/** The newest level that the table knows: a higher one belongs to this release or to a later one. */
const NEWEST_LEVEL = 30

/** `4.3`; `4.3 or later` of a level that is newer than this table. */
export function releaseOf(level: number): string {
  const [, release] = FIRST_LEVELS.find(([first]) => level >= first) ?? [0, undefined]
  if (release === undefined) return 'before 3.3'
  return level > NEWEST_LEVEL ? `${release} or later` : release
}
