/** Which dead letters people have handled: the dlq topic itself says so, in later records of the same partition. */

import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { DEAD_LETTERS_HANDLED_TYPE } from '../failures/event-types.ts'
import { type HandledAction, mayTellHandled, readDlqRecord } from './dead-letter-records.ts'
import { OffsetSet } from './offset-set.ts'
import { type Range, searchRecords } from './records.ts'

/** Of ranges of the dlq topic; two bits for each offset, and one more for those of one operation. */
export class HandledDeadLetters {
  readonly #partitions: ReadonlyMap<number, Readonly<Record<HandledAction, OffsetSet>>>

  readonly #operation: string | undefined
  readonly #own: ReadonlyMap<number, OffsetSet>

  /** @param operation the id of one about which `isOwn` is asked */
  constructor(ranges: readonly Range[], operation?: string) {
    this.#operation = operation
    this.#own = new Map(
      operation === undefined
        ? []
        : ranges.map(({ partition, start, end }) => [partition, new OffsetSet(start, end)]),
    )
    this.#partitions = new Map(
      ranges.map(({ partition, start, end }) => [
        partition,
        { redriven: new OffsetSet(start, end), dropped: new OffsetSet(start, end) },
      ]),
    )
  }

  /** Takes in what a record of the topic says; most say nothing. */
  take(record: LogRecord): void {
    if (!mayTellHandled(record)) return
    const read = readDlqRecord(record)
    const sets = this.#partitions.get(record.partition)
    if (read.kind !== 'handled' || !sets) return
    const { action, ranges, operation } = read.handled
    const own = operation === this.#operation ? this.#own.get(record.partition) : undefined
    // It can tell only of what lies before it.
    for (const { from, to } of ranges)
      for (const set of [sets[action], own]) set?.add(from, Math.min(to, record.offset - 1))
  }

  /** Undefined if it has not been handled. */
  how({ partition, offset }: { readonly partition: number; readonly offset: number }) {
    const sets = this.#partitions.get(partition)
    if (sets?.redriven.has(offset)) return 'redriven' satisfies HandledAction
    return sets?.dropped.has(offset) ? ('dropped' satisfies HandledAction) : undefined
  }

  /** Whether the operation has handled it. */
  isOwn({ partition, offset }: { readonly partition: number; readonly offset: number }): boolean {
    return this.#own.get(partition)?.has(offset) ?? false
  }
}

/**
 * Searches the ranges for what was handled. Dead letters are not decoded for that.
 *
 * @param ranges up to the present ends of the topic: later records tell of earlier ones
 * @param operation the id of one whose own letters are told apart
 * @throws the reason of the signal if it is aborted, because what is not known to be handled would look open; else see `readRecords`
 */
export async function handledDeadLetters(
  log: LogReader,
  ranges: readonly Range[],
  signal?: AbortSignal,
  operation?: string,
): Promise<HandledDeadLetters> {
  const handled = new HandledDeadLetters(ranges, operation)
  await readHandled(log, ranges, handled, signal)
  return handled
}

/** As `handledDeadLetters`, for ranges that are a part of what is asked about. */
export function readHandled(
  log: LogReader,
  ranges: readonly Range[],
  handled: HandledDeadLetters,
  signal?: AbortSignal,
): Promise<void> {
  return searchRecords(log, ranges, DEAD_LETTERS_HANDLED_TYPE, record => handled.take(record), signal)
}
