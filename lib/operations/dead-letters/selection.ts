/** Selects the dead letters of an operation, and counts handled and skipped ones. */
import type { OutgoingRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { Counts } from '../../queries/counts.ts'
import { type DeadLetterFilter, isWritten, meets } from '../../queries/dead-letter-pages.ts'
import { placeText } from '../../queries/dead-letter-records.ts'
import {
  type DeadLetterPlace,
  type DeadLetterSource,
  DeadLetters,
  type PlacedRow,
} from '../../queries/dead-letters.ts'
import type { LeftOutReason } from './decide.ts'

/** Parses the name of a dead letter: its position in the dlq topic, or its id. */
export function nameIn(at: string): { readonly id: string } | DeadLetterPlace {
  const [, partition, offset] = /^(\d{1,9})@(\d{1,15})$/.exec(at) ?? []
  return partition === undefined ? { id: at } : { partition: Number(partition), offset: Number(offset) }
}

/** Selection of dead letters: those specified or, without any, all that meet the conditions. */
export interface Selection {
  readonly ats: readonly string[]
  readonly filter: DeadLetterFilter
  /** Id of the operation. Dead letters that it handled before it was stopped are not selected again. */
  readonly operation: string
}

export interface Selected {
  /** Rows in the order of writing. If dead letters are specified, handled ones are included. */
  readonly rows: readonly PlacedRow[]
  /** Specified names that do not exist. */
  readonly missing: readonly string[]
}

/**
 * Selects dead letters from the table. The whole topic is read only if the table may be incomplete for the
 * selection: for dead letters that were handled before, or that were removed from the table to make room for
 * newer ones.
 *
 * @throws the reason of the signal if it is aborted; otherwise see `readRecords`
 */
export async function selectedDeadLetters(
  source: DeadLetterSource,
  selection: Selection,
  stop?: AbortSignal,
): Promise<Selected> {
  const now = await new DeadLetters(source).look(undefined, stop)
  const first = chosenOf(now.rows, selection)
  const { sinceMs = 0 } = selection.filter
  const isPart =
    selection.ats.length > 0
      ? first.missing.length > 0
      : now.wholeAfterMs !== undefined && sinceMs <= now.wholeAfterMs
  if (!isPart || now.from === 'topic') return first
  const all = await new DeadLetters(source, { withHandled: true }).look(undefined, stop)
  return chosenOf(all.rows, selection)
}

function chosenOf(rows: readonly PlacedRow[], { ats, filter, operation }: Selection): Selected {
  const names = new Set(ats)
  const missing = new Set(ats)
  const isMeant = (row: PlacedRow) => {
    if (names.size === 0) return row.kind === 'letter' ? meets(row, filter) : isWritten(row, filter)
    const own = [placeText(row), ...(row.kind === 'letter' ? [row.id] : [])].filter(name => names.has(name))
    for (const name of own) missing.delete(name)
    return own.length > 0
  }
  const meant = rows.filter(isMeant)
  const isOver = ({ kind, handled }: PlacedRow) =>
    handled?.operations.includes(operation) || (kind === 'broken' && handled && names.size === 0)
  return { rows: meant.filter(row => !isOver(row)), missing: [...missing] }
}

/** Dead letter to handle. One that cannot be read can only be dropped. */
export interface SelectedDeadLetter extends DeadLetterPlace {
  readonly row: PlacedRow
  /** Record to publish; absent if the dead letter is dropped. */
  readonly record?: OutgoingRecord
}

/** Counts of an operation. */
export class Tally {
  readonly consumers = new Counts()
  readonly topics = new Counts()
  readonly codes = new Counts()
  /** Failure codes that are permanent: a redrive without a change fails again. */
  readonly permanent = new Set<string>()
  readonly leftOut = new Map<LeftOutReason, number>()

  get taken(): number {
    return this.codes.total
  }

  /**
   * Number of dead letters that meet the conditions. Those that cannot be read are not counted, because they
   * cannot be compared with conditions.
   */
  get met(): number {
    const leftOut = [...this.leftOut].filter(([reason]) => reason !== 'broken')
    return leftOut.reduce((sum, [, count]) => sum + count, this.taken)
  }

  take({ row }: Pick<SelectedDeadLetter, 'row'>): void {
    this.codes.add(row.kind === 'letter' ? row.code : 'broken')
    if (row.kind !== 'letter') return
    if (row.class === 'permanent') this.permanent.add(row.code)
    this.consumers.add(row.consumer)
    this.topics.add(row.topic)
  }

  leave(reason: LeftOutReason): void {
    this.leftOut.set(reason, (this.leftOut.get(reason) ?? 0) + 1)
  }
}
