/** Filters, lists and counts dead letters. Pure. */
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

export interface DeadLetterCounts {
  readonly total: number
  /** Number of matching dead letters by failure code, most frequent first. */
  readonly codes: Readonly<Record<string, number>>
  readonly quarantined: number
  /** Number of unreadable dead letters within the time range of the filter. */
  readonly broken: number
}

export interface ListedDeadLetters {
  /** Newest matching dead letters in order of time, including unreadable dead letters within the time range. */
  readonly rows: readonly PlacedRow[]
  /** Counts of all matching dead letters. */
  readonly counts: DeadLetterCounts
}

/**
 * Returns the newest dead letters.
 *
 * @param all true to include dead letters that were handled
 */
export function newestDeadLetters(
  { rows }: Pick<DeadLettersNow, 'rows'>,
  { limit, all = false, ...filter }: DeadLetterFilter & { readonly limit: number; readonly all?: boolean },
): ListedDeadLetters {
  const wanted = rows
    .filter(({ handled }) => all || !handled)
    .filter(row => (row.kind === 'broken' ? isWritten(row, filter) : meets(row, filter)))
  const letters = wanted.filter(row => row.kind === 'letter')
  return {
    rows: wanted.slice(-limit),
    counts: {
      total: letters.length,
      codes: countsOf(letters, ({ code }) => code),
      quarantined: letters.filter(({ quarantined }) => quarantined).length,
      broken: wanted.length - letters.length,
    },
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
