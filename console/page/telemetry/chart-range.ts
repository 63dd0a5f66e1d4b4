/** Ranges of the charts of an entity, as they stand in the address. Pure. */

/** The last hour is drawn from the topics. All other ranges need the database. */
export const HOUR = { name: 'hour', hours: 1, text: 'hour' }

export type ChartRange = typeof HOUR

export const RANGES: readonly ChartRange[] = [
  HOUR,
  { name: 'day', hours: 24, text: 'day' },
  { name: 'week', hours: 168, text: 'week' },
  { name: '30d', hours: 720, text: '30 days' },
]
