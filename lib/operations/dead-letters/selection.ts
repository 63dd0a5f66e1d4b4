/** Selects the dead letters of a request, and counts which of them are handled or skipped. */
import { Counts } from '../../queries/dead-letters/counts.ts'
import {
  type DeadLetterPlace,
  type DeadLetterSource,
  DeadLetters,
  type PlacedRow,
} from '../../queries/dead-letters/dead-letters.ts'
import { isWritten, meets } from '../../queries/dead-letters/pages.ts'
import { formatPlace } from '../../queries/dead-letters/records.ts'
import type { LeftOutReason } from './decision.ts'
import type { HandlingRequest } from './operation.ts'

/** Parses how a user names a dead letter: by its position in the dlq topic, or by its id. */
export function parseName(at: string): { readonly id: string } | DeadLetterPlace {
  const [, partition, offset] = /^(\d{1,9})@(\d{1,15})$/.exec(at) ?? []
  return partition === undefined ? { id: at } : { partition: Number(partition), offset: Number(offset) }
}

export interface Selected {
  /** Selected rows in the order of writing. Handled ones are included only if they are named. */
  readonly rows: readonly PlacedRow[]
  /** Names for which no dead letter exists. */
  readonly missing: readonly string[]
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
  { ats, filter }: Pick<HandlingRequest, 'ats' | 'filter'>,
  stop?: AbortSignal,
): Promise<Selected> {
  const now = await new DeadLetters(source).look(undefined, stop)
  const first = selectRows(now.rows, { ats, filter })
  const { sinceMs = 0 } = filter
  const isPart =
    ats.length > 0 ? first.missing.length > 0 : now.wholeAfterMs !== undefined && sinceMs <= now.wholeAfterMs
  if (!isPart || now.from === 'topic') return first
  const all = await new DeadLetters(source, { withHandled: true }).look(undefined, stop)
  return selectRows(all.rows, { ats, filter })
}

function selectRows(
  rows: readonly PlacedRow[],
  { ats, filter }: Pick<HandlingRequest, 'ats' | 'filter'>,
): Selected {
  const names = new Set(ats)
  const missing = new Set(ats)
  const isMeant = (row: PlacedRow) => {
    if (names.size === 0)
      return !row.handled && (row.kind === 'letter' ? meets(row, filter) : isWritten(row, filter))
    const own = [formatPlace(row), ...(row.kind === 'letter' ? [row.id] : [])].filter(name => names.has(name))
    for (const name of own) missing.delete(name)
    return own.length > 0
  }
  return { rows: rows.filter(isMeant), missing: [...missing] }
}

/** Counts the dead letters of a request. The counts can be read while it is carried out. */
export class Tally {
  readonly consumers = new Counts()
  readonly topics = new Counts()
  readonly codes = new Counts()
  /** Permanent failure codes that occurred. Such a failure occurs again if the record is redriven unchanged. */
  readonly permanent = new Set<string>()
  readonly leftOut = new Map<LeftOutReason, number>()
  /** Number of selected dead letters that were decided so far. */
  decided = 0

  get handledCount(): number {
    return this.codes.total
  }

  addHandled(row: PlacedRow): void {
    this.codes.add(row.kind === 'letter' ? row.code : 'broken')
    if (row.kind !== 'letter') return
    if (row.class === 'permanent') this.permanent.add(row.code)
    this.consumers.add(row.consumer)
    this.topics.add(row.topic)
  }

  addLeftOut(reason: LeftOutReason): void {
    this.leftOut.set(reason, (this.leftOut.get(reason) ?? 0) + 1)
  }
}
