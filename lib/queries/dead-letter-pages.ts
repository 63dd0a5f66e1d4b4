/** Which rows of the dead letters are asked for, in pages and in numbers. Pure. */
import { cut } from '../failures/dead-letter-row.ts'
import { Counts } from './counts.ts'
import type { DeadLettersNow, PlacedDeadLetter, PlacedRow } from './dead-letters.ts'

/** Without a condition, all of them. */
export interface DeadLetterFilter {
  /** Written to the dlq topic at this time or later; milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  /** Written before this time. */
  readonly untilMs?: number | undefined
  /** A failure code. */
  readonly code?: string | undefined
  readonly consumer?: string | undefined
  /** Entity of the failed event: `source`, a space, `subject`; or the subject alone. */
  readonly entity?: string | undefined
  /** CloudEvents `type` of the event that failed. */
  readonly type?: string | undefined
}

/** `open` waits for people; `handled` was redriven or dropped. */
export type DeadLetterState = 'open' | 'quarantined' | 'handled' | 'all'

/** Whether a dead letter meets all conditions. A record that is not an event has neither entity nor type. */
export function meets(row: PlacedDeadLetter, filter: DeadLetterFilter): boolean {
  const { code, consumer } = filter
  return (
    isWritten(row, filter) &&
    (code ?? row.code) === row.code &&
    (consumer ?? row.consumer) === row.consumer &&
    isOf(row, filter)
  )
}

/** Whether it was written in the time that is asked for: all that can be asked of one that is broken. */
export function isWritten(
  { writtenAtMs }: { readonly writtenAtMs: number },
  { sinceMs, untilMs }: DeadLetterFilter,
): boolean {
  return writtenAtMs >= (sinceMs ?? writtenAtMs) && (untilMs === undefined || writtenAtMs < untilMs)
}

/** Offset before which older dead letters are, by partition of the dlq topic. */
export type OlderPlaces = ReadonlyMap<number, number>

export interface DeadLetterCounts {
  /** How many match, listed or not. */
  readonly total: number
  /** How many of them have each code, the most frequent first. */
  readonly codes: Readonly<Record<string, number>>
  readonly quarantined: number
  /** How many match and were left out because people have handled them; null if that is not known. */
  readonly handled: number | null
  /** How many are broken, whatever the conditions other than time. */
  readonly broken: number
  /** Records of the topic that are neither dead letters nor about them; null if that is not known. */
  readonly others: number | null
}

export interface DeadLetterPage {
  /** The newest that match, broken ones of that time among them, in order of time. */
  readonly rows: readonly PlacedRow[]
  readonly counts: DeadLetterCounts
  /** Where the next page begins; null if this is the last one. */
  readonly older: OlderPlaces | null
}

/** The newest page of dead letters, or the one before some places. */
export function pageOf(
  { rows, others }: DeadLettersNow,
  {
    limit,
    all = false,
    before,
    ...filter
  }: DeadLetterFilter & {
    readonly limit: number
    /** Handled dead letters are listed, too. */
    readonly all?: boolean | undefined
    /** Only dead letters before these places; partitions without one are left out. */
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
  /** Dead letters that meet all conditions, the newest first. */
  readonly letters: readonly PlacedDeadLetter[]
  /** Broken ones of that time: nothing else is known of them. */
  readonly broken: readonly Extract<PlacedRow, { kind: 'broken' }>[]
  /** How many have each code or consumer, whichever of them is asked for: the others can be chosen instead. */
  readonly codes: Readonly<Record<string, number>>
  readonly consumers: Readonly<Record<string, number>>
}

/** Dead letters counted by what they have in common, for who looks for a pattern in them. */
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

/** Counts the times in each of equal parts of a range. */
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
