/**
 * Erases entities from rows of the history. An erased row keeps its offset and its timestamp, so that the history still has a row
 * for each offset of the log. Pure.
 */
import { createHash } from 'node:crypto'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { textOf } from '../../packages/runtime/cloudevents/header-bytes.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { RecordHeader } from '../../packages/runtime/cloudevents/record.ts'
import { type Event, entityOf } from '../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE } from '../failures/event-types.ts'
import { decoded } from '../failures/redriven-record.ts'
import { type NamedColumn, type ReadColumns, rowAt } from './parquet.ts'
import type { HistoryRow } from './row.ts'
import type { HistoryTable } from './tables.ts'

/** Value of the column `type` in an erased row. */
export const ERASED_ROW_TYPE = 'io.sluice.history.erased.v1'

/** Erasure of entities from the history. The bucket keeps it, because a part can be written again after the erasure. */
export interface HistoryErasure {
  readonly id: string
  /** Time of the request, RFC 3339. */
  readonly time: string
  /** Digests of the erased entities, so that the list of erasures does not name them. See `entityDigest`. */
  readonly entities: readonly string[]
  /** Last offset that is erased in each partition, by Kafka topic. Later rows of the entity stay. */
  readonly upTo: Readonly<Record<string, readonly number[]>>
}

/** Returns the digest that represents an entity in the list of erasures. */
export function entityDigest(entity: string): string {
  return createHash('sha256').update(entity).digest('base64url')
}

/** Returns the last offset of a partition that the erasure reaches; -1 if it does not reach the partition. */
export function lastErased({ upTo }: Pick<HistoryErasure, 'upTo'>, topic: string, partition: number): number {
  return upTo[topic]?.[partition] ?? -1
}

/**
 * Returns the rows without the contents of those that erasures reach, and the number of rows that changed.
 *
 * @param read all columns of rows of one partition, in ascending order of offset
 */
export function withoutErased(
  table: HistoryTable,
  read: ReadColumns,
  erasures: readonly HistoryErasure[],
): ReadColumns & { readonly changed: number } {
  const { rows, values } = read
  const place = (name: string, row = 0) => values[name]?.[row] as never
  const isErased = erasedEntities(place('topic'), place('partition'), erasures)
  const erased: number[] = []
  for (let row = 0; row < rows; row++) {
    const offset: number = place('offset', row)
    const found = entitiesAt(table, values, row) ?? entitiesIn(rowAt(table, values, row))
    if (found.some(entity => isErased(entity, offset))) erased.push(row)
  }
  if (erased.length === 0) return { ...read, changed: 0 }
  const columns = withMark(read.columns)
  const kept = columns.map(({ name }) => {
    const before = values[name] ?? new Array(rows).fill(null)
    if (PLACE.includes(name)) return [name, before]
    const after = [...before]
    for (const row of erased) after[row] = MARK[name] ?? null
    return [name, after]
  })
  return { rows, columns, values: Object.fromEntries(kept), changed: erased.length }
}

/** Returns the columns with those that an erased row needs. */
export function withMark(columns: readonly NamedColumn[]): readonly NamedColumn[] {
  const missing = Object.keys(MARK).filter(name => columns.every(column => column.name !== name))
  return [...columns, ...missing.map(name => ({ name, type: 'STRING' as const }))]
}

/** Returns a test for entities that are erased up to an offset. */
export function erasedEntities(
  topic: string,
  partition: number,
  erasures: readonly HistoryErasure[],
): (entity: string, offset: number) => boolean {
  const limits = new Map<string, number>()
  for (const erasure of erasures) {
    const last = lastErased(erasure, topic, partition)
    for (const digest of erasure.entities) limits.set(digest, Math.max(last, limits.get(digest) ?? -1))
  }
  const known = new Map<string, number>()
  return (entity, offset) => {
    let limit = known.get(entity)
    if (limit === undefined) {
      limit = limits.get(entityDigest(entity)) ?? -1
      known.set(entity, limit)
    }
    return offset <= limit
  }
}

/** Columns that an erased row keeps. */
const PLACE = ['topic', 'partition', 'offset', 'timestamp']
/** Values of an erased row in other columns. All others are null. */
const MARK: Readonly<Record<string, string>> = { id: '', source: '', type: ERASED_ROW_TYPE }

/** Returns whether the contents of a row were erased. */
export function isErasedRow({ event }: Pick<HistoryRow, 'event'>): boolean {
  return event?.type === ERASED_ROW_TYPE
}

/** Columns that `entitiesAt` needs. */
export const ENTITY_COLUMNS = ['source', 'subject', 'entity_source', 'entity_subject', 'rest']

/**
 * Returns the entities that a row is about, from few columns. Returns undefined if all columns are needed: for a record that is not
 * an event, for data that does not fit the columns, and for a dead letter, whose entity is inside the record that failed.
 */
export function entitiesAt(
  table: HistoryTable,
  values: ReadColumns['values'],
  row: number,
): string[] | undefined {
  const text = (name: string) => (values[name]?.[row] ?? undefined) as string | undefined
  const source = text('source')
  if (table === 'dead_letters' || source === undefined || text('rest')?.includes('"entity"')) return undefined
  const [other, subject] = [text('entity_source'), text('entity_subject')]
  const own = named(source, text('subject'))
  return other === undefined ? [own] : [own, named(other, subject)]
}

function named(source: string, subject: string | undefined): string {
  return entityOf(subject === undefined ? { source } : { source, subject })
}

/** Message of a timer's failure, which names the entity. See `timerFailure`. */
const TIMER = /^timer ".*" of (.+), due \d{4}-/

/**
 * Returns the entities that a row is about: those of its event, of the event's data and, for a dead letter, of the record that
 * failed. Texts and lists in the data are not searched.
 */
export function entitiesIn({ event, headers, raw }: HistoryRow): string[] {
  if (event === undefined) return entitiesOfRecord({ value: raw?.value ?? null, headers })
  const names = entitiesOfEvent(event)
  if (event.type !== DEAD_LETTER_TYPE && event.type !== FAILURE_TYPE) return names
  const { originalValue, originalHeaders = [], error = '' } = (event.data ?? {}) as Partial<FailureData>
  const original = originalHeaders.map(({ name, value }) => [name, Buffer.from(value, 'base64')] as const)
  const [, entity] = TIMER.exec(error) ?? []
  const failed = entitiesOfRecord({ value: decoded(originalValue ?? null), headers: original })
  return [...names, ...failed, ...(entity === undefined ? [] : [entity])]
}

function entitiesOfEvent(event: Event): string[] {
  const { source, subject } = (event.data as { entity?: Partial<Event> } | null | undefined)?.entity ?? {}
  return typeof source === 'string' ? [entityOf(event), named(source, subject)] : [entityOf(event)]
}

/** A record that is not a valid event can still have the headers of one. */
function entitiesOfRecord(record: { value: Buffer | null; headers: readonly RecordHeader[] }): string[] {
  const event = readEvent(record)
  if (!isFailure(event)) return entitiesOfEvent(event)
  const [source, subject] = ['ce_source', 'ce_subject'].map(name => {
    const header = record.headers.find(([own]) => own === name)
    return header && textOf(header[1])
  })
  return source === undefined ? [] : [named(source, subject)]
}
