/** Reads dead letters from their topic by offset, including the original bytes of the failed records. */
import type { LogRecord } from '#runtime/cloudevents/index.ts'
import { formatEntity } from '#runtime/consumer/index.ts'
import type { LogReader } from '#runtime/pipeline/ports.ts'
import { formatKey } from '../../failures/dead-letter-row.ts'
import {
  type BrokenDeadLetter,
  type FoundDeadLetter,
  type HandledAction,
  originalEvent,
  readDlqRecord,
} from '../../failures/dlq-record.ts'
import { type Range, readRecordGroups } from '../records/read-records.ts'
import { type DeadLetterPlace, type DeadLetterSource, DeadLetters, type PlacedRow } from './dead-letters.ts'

/** Dead letter without the original bytes of the failed record. */
export interface DeadLetterSummary {
  /** Position in the dlq topic. */
  readonly partition: number
  readonly offset: number
  readonly id: string
  /** Time at which the record failed, RFC 3339. */
  readonly failedAt: string
  readonly code: string
  readonly class: string
  readonly consumer: string
  readonly attempt: number
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** Key of the failed record as text, shortened if it is long; null if it has none. */
  readonly originalKey: string | null
  /** Entity of the failed event: source and subject, separated by a space. Null if the event cannot be decoded. */
  readonly entity: string | null
  /** CloudEvents `type` of the failed event; null if it cannot be decoded. */
  readonly type: string | null
  readonly error: string
  readonly quarantined: boolean
  /** Action by which the dead letter was handled; null if it is open. */
  readonly handled: HandledAction | null
}

/** Result of a search by position or id: a readable or unreadable dead letter, another record, or nothing. */
export type DeadLetterAnswer =
  | { readonly kind: 'found'; readonly found: FoundDeadLetter; readonly handled: HandledAction | undefined }
  | { readonly kind: 'broken'; readonly broken: BrokenDeadLetter }
  | { readonly kind: 'other-record' }
  | { readonly kind: 'none' }

/**
 * Finds a dead letter by its position in the dlq topic, or by its id. If the dead letter is not open, the whole topic is searched,
 * because only the topic records how it was handled.
 *
 * @throws the signal's reason if the signal is aborted; otherwise see `readRecords`
 */
export async function findDeadLetter(
  source: DeadLetterSource,
  wanted: { readonly id: string } | DeadLetterPlace,
  signal?: AbortSignal,
): Promise<DeadLetterAnswer> {
  const isWanted = (row: PlacedRow) =>
    'offset' in wanted
      ? row.partition === wanted.partition && row.offset === wanted.offset
      : row.kind === 'letter' && row.id === wanted.id
  const now = await new DeadLetters(source).look(undefined, signal)
  const isKnown = now.from === 'topic' || now.rows.some(isWanted)
  const { rows } = isKnown
    ? now
    : await new DeadLetters(source, { withHandled: true }).look(undefined, signal)
  const row = rows.find(isWanted)
  const place = 'offset' in wanted ? wanted : row
  const record = place && (await readRecordAt(source, place))
  if (!record) return { kind: 'none' }
  const read = readDlqRecord(record)
  if (read.kind === 'letter') return { kind: 'found', found: read, handled: row?.handled }
  return read.kind === 'broken' ? { kind: 'broken', broken: read } : { kind: 'other-record' }
}

async function readRecordAt(
  { log, topic, bounds }: DeadLetterSource,
  { partition, offset }: DeadLetterPlace,
): Promise<LogRecord | undefined> {
  const { start, end } = (await bounds())[partition] ?? { start: 0, end: 0 }
  if (offset < start || offset >= end) return undefined
  const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
  return records.find(record => record.offset === offset)
}

export function toDeadLetterSummary(found: FoundDeadLetter, handled?: HandledAction): DeadLetterSummary {
  const { id, partition, offset, deadLetter } = found
  const { failedAt, errorType, consumer, attempt, originalTopic, originalPartition, originalOffset, error } =
    deadLetter
  const event = originalEvent(found)
  return {
    partition,
    offset,
    id,
    failedAt,
    code: errorType,
    class: deadLetter.class,
    consumer,
    attempt,
    originalTopic,
    originalPartition,
    originalOffset,
    originalKey: formatKey(found),
    entity: event ? formatEntity(event).trim() : null,
    type: event?.type ?? null,
    error,
    quarantined: deadLetter.quarantined,
    handled: handled ?? null,
  }
}

/**
 * Maximum number of records between two dead letters for reading both at once. Reading a few unneeded records is faster than a
 * separate request.
 */
const MAX_BETWEEN = 100

/** Dead letter with its record. The record is absent if it is unreadable, or no longer in the topic. */
export interface ReadDeadLetter<Row extends DeadLetterPlace> {
  readonly row: Row
  readonly found?: FoundDeadLetter
}

/**
 * Reads the records of dead letters, and skips other records.
 *
 * @param rows dead letters, ordered by offset within each partition
 * @returns groups of dead letters in the order of reading, which preserves the order within each partition
 * @throws see `readRecords`
 */
export async function* readLetters<Row extends DeadLetterPlace>(
  log: LogReader,
  topic: string,
  rows: readonly Row[],
): AsyncGenerator<readonly ReadDeadLetter<Row>[]> {
  const byPartition = Map.groupBy(rows, ({ partition }) => partition)
  const runs = [...byPartition].map(([partition, own]) => groupRuns(topic, partition, own))
  // One run of adjacent records is read in each partition at a time. Reading all runs at once could exhaust the memory.
  for (let at = 0; runs.some(({ length }) => at < length); at++) {
    const now = runs.flatMap(own => own[at] ?? [])
    const wanted = new Map(now.flatMap(run => run.rows.map(row => [formatPlace(row), row] as const)))
    for await (const records of readRecordGroups(log, now)) {
      const group: ReadDeadLetter<Row>[] = []
      for (const record of records) {
        const row = wanted.get(formatPlace(record))
        if (!row) continue
        wanted.delete(formatPlace(record))
        const read = readDlqRecord(record)
        group.push(read.kind === 'letter' ? { row, found: read } : { row })
      }
      if (group.length > 0) yield group
    }
    if (wanted.size > 0) yield [...wanted.values()].map(row => ({ row }))
  }
}

/** Returns the dead letters of a few rows, in the same order. A row is omitted if its record is missing or unreadable. */
export async function readDeadLetters(
  log: LogReader,
  topic: string,
  rows: readonly DeadLetterPlace[],
): Promise<readonly FoundDeadLetter[]> {
  const found = new Map<string, FoundDeadLetter>()
  for await (const group of readLetters(log, topic, rows))
    for (const { row, found: letter } of group) if (letter) found.set(formatPlace(row), letter)
  return rows.flatMap(row => found.get(formatPlace(row)) ?? [])
}

/** Formats the position of a dead letter as `partition@offset`, such as `2@17`. */
export function formatPlace({ partition, offset }: DeadLetterPlace): string {
  return `${partition}@${offset}`
}

interface Run<Row> extends Range {
  readonly rows: readonly Row[]
}

function groupRuns<Row extends DeadLetterPlace>(
  topic: string,
  partition: number,
  rows: readonly Row[],
): Run<Row>[] {
  const runs: { rows: Row[] }[] = []
  for (const row of rows.toSorted((a, b) => a.offset - b.offset)) {
    const last = runs.at(-1)
    const before = last?.rows.at(-1)
    if (last && before && row.offset - before.offset <= MAX_BETWEEN) last.rows.push(row)
    else runs.push({ rows: [row] })
  }
  return runs.map(({ rows }) => {
    const [first, last] = [rows[0]?.offset ?? 0, rows.at(-1)?.offset ?? 0]
    return { topic, partition, start: first, end: last + 1, rows }
  })
}

/** Returns the position that `formatPlace` has formatted. */
export function parsePlace(at: string): DeadLetterPlace {
  const [partition = 0, offset = 0] = at.split('@').map(Number)
  return { partition, offset }
}
