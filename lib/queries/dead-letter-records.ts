/** Reads the records of dead letters, including the bytes that failed, by their offsets. */
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { entityOf } from '../../packages/runtime/consumer/event.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import {
  type BrokenDeadLetter,
  type FoundDeadLetter,
  type HandledAction,
  originalEvent,
  readDlqRecord,
} from '../failures/dlq-record.ts'
import { type DeadLetterPlace, type DeadLetterSource, DeadLetters, type PlacedRow } from './dead-letters.ts'
import { type Range, readRecordGroups } from './records.ts'

/** Dead letter without the bytes that failed. */
export interface DeadLetterSummary {
  /** Position in the dlq topic. */
  readonly partition: number
  readonly offset: number
  readonly id: string
  /** Time of the failure, RFC 3339. */
  readonly failedAt: string
  readonly code: string
  readonly class: string
  readonly consumer: string
  readonly attempt: number
  readonly originalTopic: string
  readonly originalPartition: number
  readonly originalOffset: number
  /** Source and subject of the failed event, separated by a space; null if it cannot be decoded. */
  readonly entity: string | null
  /** CloudEvents `type` of the failed event; null if it cannot be decoded. */
  readonly type: string | null
  readonly error: string
  readonly quarantined: boolean
  /** Action with which the dead letter was handled; null while it is open. */
  readonly handled: HandledAction | null
}

/** Result of a search by offset or id: a dead letter, an unreadable one, another record, or nothing. */
export type DeadLetterAnswer =
  | { readonly kind: 'found'; readonly found: FoundDeadLetter; readonly handled: HandledAction | undefined }
  | { readonly kind: 'broken'; readonly broken: BrokenDeadLetter }
  | { readonly kind: 'other-record' }
  | { readonly kind: 'none' }

/**
 * Finds one dead letter by its position in the dlq topic, or by its id. If it is not open, the whole topic is
 * searched, because only the topic records how it was handled.
 *
 * @throws the reason of the signal if it is aborted; otherwise see `readRecords`
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
  const record = place && (await recordAt(source, place))
  if (!record) return { kind: 'none' }
  const read = readDlqRecord(record)
  if (read.kind === 'letter') return { kind: 'found', found: read, handled: row?.handled?.action }
  return read.kind === 'broken' ? { kind: 'broken', broken: read } : { kind: 'other-record' }
}

async function recordAt(
  { log, topic, bounds }: DeadLetterSource,
  { partition, offset }: DeadLetterPlace,
): Promise<LogRecord | undefined> {
  const { start, end } = (await bounds())[partition] ?? { start: 0, end: 0 }
  if (offset < start || offset >= end) return undefined
  const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
  return records.find(record => record.offset === offset)
}

export function deadLetterSummary(found: FoundDeadLetter, handled?: HandledAction): DeadLetterSummary {
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
    entity: event ? entityOf(event).trim() : null,
    type: event?.type ?? null,
    error,
    quarantined: deadLetter.quarantined,
    handled: handled ?? null,
  }
}

/** Maximum number of records between two dead letters that are read as well, because a separate read would take longer. */
const MAX_BETWEEN = 100

/** Row with its record. The record is absent if the row is unreadable, or the topic no longer contains it. */
export interface ReadLetter {
  readonly row: PlacedRow
  readonly found?: FoundDeadLetter
}

/**
 * Reads the records of rows, and skips the records between them.
 *
 * @param rows rows; those of one partition are ordered by offset
 * @returns groups of rows in the order of reading; those of one partition are in order
 * @throws see `readRecords`
 */
export async function* readLetters(
  log: LogReader,
  topic: string,
  rows: readonly PlacedRow[],
): AsyncGenerator<readonly ReadLetter[]> {
  const byPartition = Map.groupBy(rows, ({ partition }) => partition)
  const runs = [...byPartition].map(([partition, own]) => runsOf(topic, partition, own))
  // Reads one run of each partition at a time, in parallel. Reading all runs at once would keep all of them in memory.
  for (let at = 0; runs.some(({ length }) => at < length); at++) {
    const now = runs.flatMap(own => own[at] ?? [])
    const wanted = new Map(now.flatMap(run => run.rows.map(row => [placeText(row), row] as const)))
    for await (const records of readRecordGroups(log, now)) {
      const group: ReadLetter[] = []
      for (const record of records) {
        const row = wanted.get(placeText(record))
        if (!row) continue
        wanted.delete(placeText(record))
        const read = readDlqRecord(record)
        group.push(read.kind === 'letter' ? { row, found: read } : { row })
      }
      if (group.length > 0) yield group
    }
    if (wanted.size > 0) yield [...wanted.values()].map(row => ({ row }))
  }
}

/** Returns the dead letters of a few rows, in the order of the rows. Rows without a readable record are omitted. */
export async function deadLettersOf(
  log: LogReader,
  topic: string,
  rows: readonly PlacedRow[],
): Promise<readonly FoundDeadLetter[]> {
  const found = new Map<string, FoundDeadLetter>()
  for await (const group of readLetters(log, topic, rows))
    for (const { row, found: letter } of group) if (letter) found.set(placeText(row), letter)
  return rows.flatMap(row => found.get(placeText(row)) ?? [])
}

/** Returns the position of a dead letter in the form that operators use, such as `2@17`. */
export function placeText({ partition, offset }: DeadLetterPlace): string {
  return `${partition}@${offset}`
}

interface Run extends Range {
  readonly rows: readonly PlacedRow[]
}

function runsOf(topic: string, partition: number, rows: readonly PlacedRow[]): Run[] {
  const runs: { rows: PlacedRow[] }[] = []
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
