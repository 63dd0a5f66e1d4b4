/** Selects the dead letters of a request. */
import { instant } from '#runtime/consumer'
import { type DeadLetterFilter, isWritten, meets } from '../../queries/dead-letters/dead-letter-pages.ts'
import { listNames } from '../../queries/dead-letters/dead-letter-records.ts'
import {
  type DeadLetterSource,
  DeadLetters,
  type PlacedRow,
} from '../../queries/dead-letters/dead-letters.ts'

export interface Selection {
  /** Positions or ids of dead letters; empty if the filter selects them. */
  readonly ats: readonly string[]
  readonly filter: DeadLetterFilter
}

/** Returns the conditions of a filter as command-line options. */
export function formatFilter(filter: DeadLetterFilter): Readonly<Record<string, string>> {
  const { code, consumer, entity, type, sinceMs, untilMs } = filter
  const times = { since: sinceMs && instant(sinceMs), until: untilMs && instant(untilMs) }
  const named = Object.entries({ code, consumer, entity, type, ...times })
  return Object.fromEntries(named.flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

export interface Selected {
  /** Selected rows in the order of writing. Handled ones are included only if they are named. */
  readonly rows: readonly PlacedRow[]
  /** Names for which no dead letter exists. */
  readonly missing: readonly string[]
  /** Dead letters from which the rows were selected. */
  readonly all: Pick<DeadLetters, 'findOpen'>
}

/**
 * Selects dead letters, either by name or by conditions. They are read from the table of open dead letters. The table lacks handled
 * dead letters, and those that were removed to make room for newer ones. Only if the request may mean such a one, the whole topic is
 * read.
 *
 * @throws the signal's reason if the signal is aborted; otherwise see `readRecords`
 */
export async function selectDeadLetters(
  source: DeadLetterSource,
  { ats, filter }: Selection,
  stop?: AbortSignal,
): Promise<Selected> {
  const letters = new DeadLetters(source)
  const now = await letters.look(undefined, stop)
  const first = { ...selectRows(source, now.rows, { ats, filter }), all: letters }
  const { sinceMs = 0 } = filter
  const isPart =
    ats.length > 0 ? first.missing.length > 0 : now.wholeAfterMs !== undefined && sinceMs <= now.wholeAfterMs
  if (!isPart || now.from === 'topic') return first
  const all = new DeadLetters(source, { withHandled: true })
  const { rows } = await all.look(undefined, stop)
  return { ...selectRows(source, rows, { ats, filter }), all }
}

function selectRows(
  { families }: Pick<DeadLetterSource, 'families'>,
  rows: readonly PlacedRow[],
  { ats, filter }: Selection,
): Omit<Selected, 'all'> {
  const names = new Set(ats)
  const missing = new Set(ats)
  const isFitting = meets(families, filter)
  const isMeant = (row: PlacedRow) => {
    if (names.size === 0)
      return !row.handled && (row.kind === 'letter' ? isFitting(row) : isWritten(row, filter))
    const own = listNames(row).filter(name => names.has(name))
    for (const name of own) missing.delete(name)
    return own.length > 0
  }
  return { rows: rows.filter(isMeant), missing: [...missing] }
}
