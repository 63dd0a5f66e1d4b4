/** Selects the dead letters of an operation, and counts which of them are handled or skipped. */
import type { OutgoingRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { FoundDeadLetter } from '../../failures/dlq-record.ts'
import { Counts } from '../../queries/counts.ts'
import { type DeadLetterFilter, isWritten, meets } from '../../queries/dead-letter-pages.ts'
import { deadLettersOf, placeText } from '../../queries/dead-letter-records.ts'
import {
  type DeadLetterPlace,
  type DeadLetterSource,
  DeadLetters,
  type PlacedDeadLetter,
  type PlacedRow,
} from '../../queries/dead-letters.ts'
import type { LeftOutReason } from './decide.ts'

/** Parses how a user names a dead letter: by its position in the dlq topic, or by its id. */
export function nameIn(at: string): { readonly id: string } | DeadLetterPlace {
  const [, partition, offset] = /^(\d{1,9})@(\d{1,15})$/.exec(at) ?? []
  return partition === undefined ? { id: at } : { partition: Number(partition), offset: Number(offset) }
}

/** Selection of dead letters, either by name or by conditions. Conditions apply only if no dead letter is named. */
export interface Selection {
  readonly ats: readonly string[]
  readonly filter: DeadLetterFilter
  /** Id of the operation. Dead letters that the same operation has already handled are not selected again. */
  readonly operation: string
  /**
   * True to extend the selection to dead letters of other consumers. For each named dead letter whose record has no event, the open
   * dead letters for the same record are added.
   */
  readonly ofAllConsumers?: boolean
}

export interface Selected {
  /** Selected rows in the order of writing. Named dead letters are included even if they were handled. */
  readonly rows: readonly PlacedRow[]
  /** Names for which no dead letter exists. */
  readonly missing: readonly string[]
}

/**
 * Selects dead letters from the table. The table may be incomplete for handled dead letters, and for dead letters that were removed
 * to make room for newer ones. Only in these cases, the whole topic is read.
 *
 * @throws the signal's reason if the signal is aborted; otherwise see `readRecords`
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
  if (!isPart || now.from === 'topic') return withOtherConsumers(source, now.rows, first, selection)
  const all = await new DeadLetters(source, { withHandled: true }).look(undefined, stop)
  return withOtherConsumers(source, all.rows, chosenOf(all.rows, selection), selection)
}

interface Chosen extends Selected {
  /** Rows that are named or meet the conditions, including those that this operation has already handled. */
  readonly meant: readonly PlacedRow[]
}

/**
 * Adds the dead letters of other consumers for the same records. Quarantined dead letters are not added, because an operator must
 * name each of them.
 */
async function withOtherConsumers(
  { log, topic }: DeadLetterSource,
  all: readonly PlacedRow[],
  { rows, missing, meant }: Chosen,
  { ats, filter, ofAllConsumers }: Selection,
): Promise<Selected> {
  const isForeign = (row: PlacedRow): row is PlacedDeadLetter => row.kind === 'letter' && row.type === null
  const named = meant.filter(isForeign)
  if (!ofAllConsumers || ats.length === 0 || named.length === 0) return { rows, missing }
  const topics = new Set(named.map(row => row.topic))
  const others = all
    .filter(isForeign)
    .filter(row => !row.handled && !row.quarantined && topics.has(row.topic) && isWritten(row, filter))
  const originOf = ({ deadLetter: { originalTopic, originalPartition, originalOffset } }: FoundDeadLetter) =>
    `${originalTopic} ${originalPartition}@${originalOffset}`
  const records = new Set((await deadLettersOf(log, topic, named)).map(originOf))
  const found = (await deadLettersOf(log, topic, others)).filter(one => records.has(originOf(one)))
  const places = new Set([...rows, ...found].map(placeText))
  return { rows: all.filter(row => places.has(placeText(row))), missing }
}

function chosenOf(rows: readonly PlacedRow[], { ats, filter, operation }: Selection): Chosen {
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
  return { meant, rows: meant.filter(row => !isOver(row)), missing: [...missing] }
}

/** Dead letter to handle. An unreadable dead letter can only be dropped. */
export interface SelectedDeadLetter extends DeadLetterPlace {
  readonly row: PlacedRow
  /** Record to publish; absent if the dead letter is dropped. */
  readonly record?: OutgoingRecord
}

/** Counts the dead letters of an operation. */
export class Tally {
  readonly consumers = new Counts()
  readonly topics = new Counts()
  readonly codes = new Counts()
  /** Permanent failure codes that occurred. Such a failure occurs again if the record is redriven unchanged. */
  readonly permanent = new Set<string>()
  readonly leftOut = new Map<LeftOutReason, number>()

  get taken(): number {
    return this.codes.total
  }

  /**
   * Number of dead letters that meet the conditions. Unreadable dead letters are not included, because conditions cannot be applied
   * to them.
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
