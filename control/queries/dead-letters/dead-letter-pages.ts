/** Filters and lists dead letters. Pure. */
import { parseEntity } from '#runtime/consumer'
import { truncate } from '../../../lib/failures/dead-letter-row.ts'
import type { DeadLettersNow, PlacedDeadLetter, PlacedRow } from '../../../lib/log/dead-letters.ts'
import { type Families, listEntityKeys } from '../../../lib/telemetry/index.ts'
import { Counts } from './counts.ts'

/** Conditions for dead letters. An empty filter matches all dead letters. */
export interface DeadLetterFilter {
  /** Earliest time at which the dead letter was written to the dlq topic, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  /** End of the time range for writing, exclusive, in milliseconds since the epoch. */
  readonly untilMs?: number | undefined
  /** Failure code. */
  readonly code?: string | undefined
  readonly consumer?: string | undefined
  /** Entity of the failed record: its source and subject, separated by a space, or only its subject. */
  readonly entity?: string | undefined
  /** CloudEvents `type` of the failed event. */
  readonly type?: string | undefined
}

/**
 * Returns the function that checks whether a dead letter meets all conditions. A record that is not a reading is about an entity
 * also if its key is the entity's subject, or the key of the entity's readings.
 */
export function createFilter(
  families: Families,
  filter: DeadLetterFilter,
): (row: PlacedDeadLetter) => boolean {
  const { code, consumer, type, entity } = filter
  const isAbout = entity === undefined ? () => true : aboutEntity(families, entity)
  return row =>
    isWritten(row, filter) &&
    (code ?? row.code) === row.code &&
    (consumer ?? row.consumer) === row.consumer &&
    (type === undefined || truncate(type) === row.type) &&
    isAbout(row)
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
 * @param state which dead letters to include: those that are open, those that were handled, or all
 */
export function listNewestDeadLetters(
  families: Families,
  { rows }: Pick<DeadLettersNow, 'rows'>,
  {
    limit,
    state = 'open',
    ...filter
  }: DeadLetterFilter & { readonly limit: number; readonly state?: 'open' | 'handled' | 'all' },
): ListedDeadLetters {
  const isSelected = createFilter(families, filter)
  const wanted = rows
    .filter(({ handled }) => state === 'all' || (handled === undefined) === (state === 'open'))
    .filter(row => (row.kind === 'broken' ? isWritten(row, filter) : isSelected(row)))
  const letters = wanted.filter(row => row.kind === 'letter')
  return {
    rows: wanted.slice(-limit),
    counts: {
      total: letters.length,
      codes: countByFrequency(letters, ({ code }) => code),
      quarantined: letters.filter(({ quarantined }) => quarantined).length,
      broken: wanted.length - letters.length,
    },
  }
}

function countByFrequency(
  letters: readonly PlacedDeadLetter[],
  getName: (letter: PlacedDeadLetter) => string,
) {
  const counts = new Counts()
  for (const letter of letters) counts.add(getName(letter))
  return counts.byFrequency()
}

/** @param named source and subject of the entity, separated by a space, or only its subject */
function aboutEntity(families: Families, named: string): (row: PlacedDeadLetter) => boolean {
  const { source, subject = named } = named.includes(' ') ? parseEntity(named) : { source: '' }
  const keys = [named, subject, ...(source === '' ? [] : listEntityKeys(families, source, subject))].map(
    truncate,
  )
  return ({ entity, key }) =>
    truncate(named) === entity ||
    named === entity?.slice(entity.indexOf(' ') + 1) ||
    (key !== undefined && keys.includes(key))
}
