/** Chooses the dead letters of an operation, and counts them and those that it leaves out. Pure. */

import type { OutgoingRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { DeadLetter } from '../../failures/process.ts'
import { Counts } from '../../queries/counts.ts'
import { isWritten, meets } from '../../queries/dead-letter-filter.ts'
import type { DeadLetterFilter, Scanned } from '../../queries/dead-letters.ts'
import type { LeftOutReason } from './decide.ts'
import type { Names } from './named.ts'

/** What is to be published for a dead letter, or why it is left out. */
export type Choice =
  | { readonly kind: 'take'; readonly record?: OutgoingRecord }
  | { readonly kind: 'leave'; readonly because: LeftOutReason }

/**
 * A dead letter that is taken. Only what is needed until its record is acknowledged: of a decoded letter, many would take much memory.
 * A broken one can only be dropped.
 */
export interface Taken {
  readonly partition: number
  readonly offset: number
  readonly of?: Pick<DeadLetter, 'errorType' | 'class' | 'consumer' | 'originalTopic'>
  readonly record?: OutgoingRecord
}

export interface Selection {
  readonly filter: DeadLetterFilter
  /** Those that are named one by one; undefined if conditions say which are meant. */
  readonly names?: Names | undefined
}

/** What an operation came across. */
export class Tally {
  readonly consumers = new Counts()
  readonly topics = new Counts()
  readonly codes = new Counts()
  /** Those of the codes that are permanent: a redrive alone does not help. */
  readonly permanent = new Set<string>()
  readonly leftOut = new Map<LeftOutReason, number>()
  /** How many were chosen: they meet the conditions, and can be taken. */
  get taken(): number {
    return this.codes.total
  }

  /** How many meet the conditions. A broken one cannot be compared with them, so it is not counted. */
  get met(): number {
    const leftOut = [...this.leftOut].filter(([reason]) => reason !== 'broken')
    return leftOut.reduce((sum, [, count]) => sum + count, this.taken)
  }

  take({ of }: Pick<Taken, 'of'>): void {
    this.codes.add(of?.errorType ?? 'broken')
    if (!of) return
    if (of.class === 'permanent') this.permanent.add(of.errorType)
    this.consumers.add(of.consumer)
    this.topics.add(of.originalTopic)
  }

  /** @param _isOwn whether the operation has itself handled it, before it was stopped */
  leave(reason: LeftOutReason, _isOwn?: boolean): void {
    this.leftOut.set(reason, (this.leftOut.get(reason) ?? 0) + 1)
  }
}

/**
 * The dead letters that an operation takes. Counts those that it leaves out; those that are taken are counted by the caller.
 *
 * @param takesBroken whether one that cannot be read is taken, if it is named
 */
export function chosen(
  scanned: Scanned,
  { filter, names }: Selection,
  tally: Pick<Tally, 'leave'>,
  choose: (scanned: Extract<Scanned, { kind: 'letter' }>, isNamed: boolean) => Choice,
  takesBroken: boolean,
): Taken | undefined {
  if (scanned.kind === 'other') return undefined
  if (scanned.kind === 'broken') {
    const { partition, offset, handled } = scanned
    if (names ? !names.has(scanned) : !isWritten(scanned, filter) || handled) return undefined
    if (names && takesBroken && !handled) return { partition, offset }
    tally.leave(handled ? 'handled' : 'broken')
    return undefined
  }
  const { letter } = scanned
  if (names ? !names.has(letter) : !meets(letter, filter)) return undefined
  const choice = choose(scanned, names !== undefined)
  if (choice.kind === 'leave') {
    tally.leave(choice.because, scanned.isOwn)
    return undefined
  }
  const { partition, offset, deadLetter } = letter
  const { errorType, class: kind, consumer, originalTopic } = deadLetter
  const of = { errorType, class: kind, consumer, originalTopic }
  return choice.record ? { partition, offset, of, record: choice.record } : { partition, offset, of }
}
