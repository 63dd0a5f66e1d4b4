/** Events of the consumer `views`, and names of the groups of a table. */
import type { EventType } from '../schemas/event-types.ts'
import type { Scalar } from './plan.ts'

export const VIEW_ROW_TYPE = 'io.sluice.view.row.v1' satisfies EventType
export const VIEW_CHANGED_TYPE = 'io.sluice.view.changed.v1' satisfies EventType
export const VIEW_DROPPED_TYPE = 'io.sluice.view.dropped.v1' satisfies EventType
export const VIEWS_ACTIVATED_TYPE = 'io.sluice.views.activated.v1' satisfies EventType

/**
 * Row of a table's source, sent to the partition of its group in the topic `view-rows`. Its source is `/views/<table>/<generation>`,
 * its subject the name of the group, and its time that of the row.
 */
export interface ViewRow {
  /** Values of the aggregates' arguments, in their order; null for `COUNT(*)`. */
  readonly inputs: readonly Scalar[]
  /**
   * Newest event time of the row's entity, in milliseconds since the epoch, for tables with windows. It decides which windows the
   * row is too late for. Because it depends on the entity's own partition alone, a replay decides the same.
   */
  readonly newestMs?: number
}

/** Change of a row of a table, in the topic `view-changes`. Its source is `/views/<table>`, its subject the name of the group. */
export interface ViewChanged {
  readonly table: string
  readonly generation: string
  /** Values by column; numbers, texts, lists and null. Of a row that has ended, only the values of its key. */
  readonly row: Readonly<Record<string, Scalar | readonly Scalar[]>>
  /** Time of the newest row of the group or of the window, RFC 3339. Absent if the state does not have it. */
  readonly rowtime?: string
  /** Bounds of the window, RFC 3339. Absent for a table without windows. */
  readonly window?: { readonly start: string; readonly end: string }
  /** True if the window has ended, and its grace has passed. */
  readonly final?: boolean
  /** Number of times that the final row has changed because of late rows; absent for the first. */
  readonly revision?: number
  /** True if the row has ended: it does not meet `HAVING` any more, or its session has other bounds. */
  readonly tombstone?: boolean
}

/** Returns the source of the row events of a generation. */
export function rowSource(table: string, generation: string): string {
  return `/views/${table}/${generation}`
}

/** Returns the source of the changes of a table. */
export function tableSource(table: string): string {
  return `${TABLES}${table}`
}

const TABLES = '/views/'

/** Returns the table whose changes have this source; undefined for sources of other events. */
export function tableOfSource(source: string): string | undefined {
  return source.startsWith(TABLES) ? source.slice(TABLES.length) : undefined
}

/** Returns whether an entity is a group of a table, whose events have the source of rows. */
export function isRow(entity: string): boolean {
  return entity.startsWith(TABLES)
}

/** Returns the name of a group. It is the subject of its events, and their key. */
export function groupName(values: readonly Scalar[]): string {
  return JSON.stringify(values)
}
