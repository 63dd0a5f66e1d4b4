/** Ranges of the charts of an entity, as they stand in the address. Pure. */

export interface ChartRange {
  /** Value of the query parameter. */
  readonly name: string
  readonly hours: number
  /** Length in words, as in `the last week`. */
  readonly text: string
}

/** The last hour, which is drawn from the topics. All other ranges need the database. */
export const HOUR: ChartRange = { name: 'hour', hours: 1, text: 'hour' }

export const RANGES: readonly ChartRange[] = [
  HOUR,
  { name: 'day', hours: 24, text: 'day' },
  { name: 'week', hours: 168, text: 'week' },
  { name: '30d', hours: 720, text: '30 days' },
]

/** Returns the range with a name; undefined if there is no such range. */
export function findRange(name: string): ChartRange | undefined {
  return RANGES.find(range => range.name === name)
}
