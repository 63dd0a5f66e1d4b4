/** Filters and counts dead letters, and divides them into pages. Pure. */
import { cut } from '../failures/dead-letter-row.ts'
import { Counts } from './counts.ts'
import type { DeadLettersNow, PlacedDeadLetter, PlacedRow } from './dead-letters.ts'

/** Conditions for dead letters. An empty filter matches all dead letters. */
export interface DeadLetterFilter {
  /** Earliest time at which the dead letter was written to the dlq topic, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  /** End of the time range for writing, exclusive, in milliseconds since the epoch. */
  readonly untilMs?: number | undefined
  /** Failure code. */
  readonly code?: string | undefined
  readonly consumer?: string | undefined
  /** Entity of the failed event: its source and subject, separated by a space, or only its subject. */
  readonly entity?: string | undefined
  /** CloudEvents `type` of the failed event. */
  readonly type?: string | undefined
}

/** State of dead letters to select. `open`: not handled yet. `handled`: redriven or dropped. */
export type DeadLetterState = 'open' | 'quarantined' | 'handled' | 'all'

/**
 * Returns whether a dead letter meets all conditions. A dead letter without an event never meets a condition on the entity or the
 * type.
 */
export function meets(row: PlacedDeadLetter, filter: DeadLetterFilter): boolean {
  const { code, consumer } = filter
  return (
    isWritten(row, filter) &&
    (code ?? row.code) === row.code &&
    (consumer ?? row.consumer) === row.consumer &&
    isOf(row, filter)
  )
}

/**
 * Returns whether a dead letter was written within the time range of the filter. Only this condition applies to unreadable dead
 * letters.
 */
export function isWritten(
  { writtenAtMs }: { readonly writtenAtMs: number },
  { sinceMs, untilMs }: DeadLetterFilter,
): boolean {
  return writtenAtMs >= (sinceMs ?? writtenAtMs) && (untilMs === undefined || writtenAtMs < untilMs)
}

/** Upper bound of the offsets on the next page, exclusive, by partition of the dlq topic. */
export type OlderPlaces = ReadonlyMap<number, number>

export interface DeadLetterCounts {
  /** Number of matching dead letters on all pages. */
  readonly total: number
  /** Number of matching dead letters by failure code, most frequent first. */
  readonly codes: Readonly<Record<string, number>>
  readonly quarantined: number
  /** Number of matching dead letters that are not shown because they were handled; null if unknown. */
  readonly handled: number | null
  /** Number of unreadable dead letters within the time range of the filter. */
  readonly broken: number
  /** Number of records in the topic that are not about dead letters; null if unknown. */
  readonly others: number | null
}

export interface DeadLetterPage {
  /** Newest matching dead letters in order of time, including unreadable dead letters within the time range. */
  readonly rows: readonly PlacedRow[]
  readonly counts: DeadLetterCounts
  /** Position at which the next page starts; null on the last page. */
  readonly older: OlderPlaces | null
}

/** Returns the page with the newest dead letters, or the page before the given offsets. */
export function pageOf(
  { rows, others }: DeadLettersNow,
  {
    limit,
    all = false,
    before,
    ...filter
  }: DeadLetterFilter & {
    readonly limit: number
    /** True to include dead letters that were handled. */
    readonly all?: boolean | undefined
    /** End of the page, exclusive, as an offset for each partition. Partitions without an entry are omitted. */
    readonly before?: OlderPlaces | undefined
  },
): DeadLetterPage {
  const matching = rows
    .filter(row => !before || row.offset < (before.get(row.partition) ?? 0))
    .filter(row => (row.kind === 'broken' ? isWritten(row, filter) : meets(row, filter)))
  const wanted = matching.filter(({ handled }) => all || !handled)
  const shown = wanted.slice(-limit)
  const letters = wanted.filter(row => row.kind === 'letter')
  const older = new Map(before)
  if (!before) for (const { partition, offset } of wanted) older.set(partition, offset + 1)
  for (const { partition, offset } of shown.toReversed()) older.set(partition, offset)
  const handled = matching.filter(row => row.handled && row.kind === 'letter').length
  return {
    rows: shown,
    counts: {
      total: letters.length,
      codes: countsOf(letters, ({ code }) => code),
      quarantined: letters.filter(({ quarantined }) => quarantined).length,
      handled: others === null ? null : all ? 0 : handled,
      broken: wanted.length - letters.length,
      others,
    },
    older: wanted.length > shown.length ? older : null,
  }
}

export interface CountedDeadLetters {
  /** Dead letters that meet all conditions, newest first. */
  readonly letters: readonly PlacedDeadLetter[]
  /** Unreadable dead letters within the time range of the filter. */
  readonly broken: readonly Extract<PlacedRow, { kind: 'broken' }>[]
  /**
   * Number of dead letters by failure code. Conditions on code and consumer are ignored here, so that the user can select other
   * values. The same applies to `consumers`.
   */
  readonly codes: Readonly<Record<string, number>>
  readonly consumers: Readonly<Record<string, number>>
}

/** Counts dead letters by failure code and by consumer. */
export function countedDeadLetters(
  all: readonly PlacedRow[],
  filter: DeadLetterFilter,
  state: DeadLetterState,
): CountedDeadLetters {
  const written = all.filter(row => isIn(row, state) && isWritten(row, filter)).toReversed()
  const letters = written.filter(row => row.kind === 'letter').filter(row => isOf(row, filter))
  const hasCode = ({ code }: PlacedDeadLetter) => (filter.code ?? code) === code
  const hasConsumer = ({ consumer }: PlacedDeadLetter) => (filter.consumer ?? consumer) === consumer
  return {
    letters: letters.filter(row => hasCode(row) && hasConsumer(row)),
    broken: written.filter(row => row.kind === 'broken'),
    codes: countsOf(letters.filter(hasConsumer), ({ code }) => code),
    consumers: countsOf(letters.filter(hasCode), ({ consumer }) => consumer),
  }
}

/** Divides a time range into equal parts, and returns how many of the times are in each part. */
export function histogram(
  timesMs: readonly number[],
  { fromMs, toMs, parts }: { readonly fromMs: number; readonly toMs: number; readonly parts: number },
): readonly number[] {
  const counts = new Array<number>(parts).fill(0)
  const width = Math.max(1, toMs - fromMs) / parts
  for (const timeMs of timesMs) {
    const part = Math.min(parts - 1, Math.floor((timeMs - fromMs) / width))
    if (part >= 0) counts[part] = (counts[part] ?? 0) + 1
  }
  return counts
}

function countsOf(letters: readonly PlacedDeadLetter[], nameOf: (letter: PlacedDeadLetter) => string) {
  const counts = new Counts()
  for (const letter of letters) counts.add(nameOf(letter))
  return counts.byFrequency()
}

function isIn(row: PlacedRow, state: DeadLetterState): boolean {
  if (state === 'all') return true
  if (state === 'handled') return row.handled !== undefined
  if (row.handled) return false
  return state === 'open' || (row.kind === 'letter' && row.quarantined)
}

function isOf({ entity, type }: PlacedDeadLetter, filter: DeadLetterFilter): boolean {
  if (filter.type !== undefined && cut(filter.type) !== type) return false
  const subject = entity?.slice(entity.indexOf(' ') + 1)
  return filter.entity === undefined || cut(filter.entity) === entity || filter.entity === subject
}
