/** Reads dead letters from their topic by offset, including the original bytes of the failed records. */
import type { LogRecord } from '#runtime/cloudevents'
import type { LogReader } from '#runtime/pipeline'
import {
  type BrokenDeadLetter,
  type FoundDeadLetter,
  type HandledAction,
  readDlqRecord,
} from '../../../lib/failures/dlq-record.ts'
import {
  type DeadLetterPlace,
  type DeadLetterSource,
  DeadLetters,
  type PlacedRow,
} from '../../../lib/log/dead-letters.ts'
import { type Range, readRecordGroups } from '../../../lib/log/read-records.ts'

/** Result of a search: a readable or unreadable dead letter, another record, or nothing. */
export type DeadLetterAnswer =
  | { readonly kind: 'found'; readonly found: FoundDeadLetter; readonly handled: HandledAction | undefined }
  | { readonly kind: 'broken'; readonly broken: BrokenDeadLetter }
  | { readonly kind: 'other-record' }
  | { readonly kind: 'none' }

/**
 * Finds a dead letter by its position in the dlq topic, or by its id. If the dead letter is not open, the whole topic is searched,
 * because only the topic records how it was handled.
 *
 * @param name position, such as `2@17`, or id
 * @throws the signal's reason if the signal is aborted; otherwise see `readRecords`
 */
export async function findDeadLetter(
  source: DeadLetterSource,
  name: string,
  signal?: AbortSignal,
): Promise<DeadLetterAnswer> {
  const isWanted = (row: PlacedRow) => listNames(row).includes(name)
  const now = await new DeadLetters(source).look(undefined, signal)
  const isKnown = now.from === 'topic' || now.rows.some(isWanted)
  const { rows } = isKnown
    ? now
    : await new DeadLetters(source, { withHandled: true }).look(undefined, signal)
  const row = rows.find(isWanted)
  const place = row ?? parsePlace(name)
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

/** Parses a position such as `2@17`; undefined for another text, such as an id. */
export function parsePlace(at: string): DeadLetterPlace | undefined {
  const [, partition, offset] = /^(0|[1-9]\d{0,8})@(0|[1-9]\d{0,14})$/.exec(at) ?? []
  return partition === undefined ? undefined : { partition: Number(partition), offset: Number(offset) }
}

/** Returns the names by which users identify a dead letter: its position and, if it can be read, its id. */
export function listNames(row: PlacedRow): readonly string[] {
  return [formatPlace(row), ...(row.kind === 'letter' ? [row.id] : [])]
}
