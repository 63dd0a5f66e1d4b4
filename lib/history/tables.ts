/** Tables of the history, and the signals whose topics they contain. Pure. */

/** Signal of each table. */
const SIGNALS = {
  readings: 'readings',
  events: 'events',
  alerts: 'alerts',
  analytics: 'analytics',
  dead_letters: 'dlq',
} as const

export type HistoryTable = keyof typeof SIGNALS

/** Signal that is archived. */
export type ArchivedSignal = (typeof SIGNALS)[HistoryTable]

export const HISTORY_TABLES = Object.keys(SIGNALS) as readonly HistoryTable[]

/** Returns the signal that a table contains. */
export function getTableSignal(table: HistoryTable): ArchivedSignal {
  return SIGNALS[table]
}

/** Returns the table that contains a signal; undefined if the signal is not archived. */
export function findTable(signal: string): HistoryTable | undefined {
  return HISTORY_TABLES.find(table => SIGNALS[table] === signal)
}
