/** Ranges of the charts of entities, as they stand in the address. Pure. */

/** The last hour is drawn from the minutes in the topics. Longer ranges need the database. */
export const HOUR = { name: 'hour', hours: 1, text: 'hour' }
/** The last quarter of an hour is drawn from the readings in the topics. */
export const QUARTER: ChartRange = { name: '15m', hours: 0.25, text: '15 minutes' }

export type ChartRange = typeof HOUR

export const RANGES: readonly ChartRange[] = [
  QUARTER,
  HOUR,
  { name: 'day', hours: 24, text: 'day' },
  { name: 'week', hours: 168, text: 'week' },
  { name: '30d', hours: 720, text: '30 days' },
]
