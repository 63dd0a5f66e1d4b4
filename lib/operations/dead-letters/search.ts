/** Reads the dead letters of an operation, and chooses which it takes. */

import type { LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { type FoundDeadLetter, type Scanned, scanGroups } from '../../queries/dead-letters.ts'
import { handledDeadLetters } from '../../queries/handled-dead-letters.ts'
import type { Range } from '../../queries/records.ts'
import { chosen, type Selection, type Taken, type Tally } from './choose.ts'
import { placesIn } from './named.ts'
import type { Operation } from './operation.ts'
import type { Chooser } from './redriving.ts'
import type { Command } from './request.ts'

/** What is searched, and for whom. */
export interface Search {
  /** Aborted when the operation is to end early. */
  readonly stop: AbortSignal
  readonly log: LogReader
  /** Of the dlq topic, from where the conditions allow to its present end. */
  readonly ranges: readonly Range[]
  readonly command: Command
  readonly ats: readonly string[]
  readonly operation: Operation
  readonly choose: Chooser
}

/** What is chosen of a group of records that was read. */
export interface ChosenGroup {
  readonly taken: readonly Taken[]
  /** How many records the group has. */
  readonly scanned: number
  /** By partition of those records, the offset after the last. */
  readonly next: ReadonlyMap<number, number>
}

/**
 * What is chosen, group by group. Ends without a group if it is stopped before it knows what was handled.
 *
 * @param tally told of each dead letter that meets the conditions and is left out
 * @param onLetter told of each letter that is chosen
 */
export async function* chosenGroups(
  { log, ranges, ats, choose, command, stop, operation }: Search,
  selection: Selection,
  tally: Pick<Tally, 'leave'>,
  onLetter: (letter: FoundDeadLetter) => void = () => {},
): AsyncGenerator<ChosenGroup> {
  const places = placesIn(ats)
  const { read, told } = rangesFor(ranges, places)
  const known = await handledUnlessStopped(log, told, stop, operation)
  if (!known) return
  const takesBroken = command === 'drop'
  const choice = (scanned: Scanned) => {
    const taken = chosen(scanned, selection, tally, choose, takesBroken)
    if (taken && scanned.kind === 'letter') onLetter(scanned.letter)
    return taken
  }
  for await (const { results, scanned, next } of scanGroups(log, read, known, choice))
    yield { taken: results, scanned, next }
}

/** Undefined if it was stopped meanwhile. */
async function handledUnlessStopped(
  log: LogReader,
  ranges: readonly Range[],
  stop: AbortSignal,
  { id }: Operation,
) {
  try {
    return await handledDeadLetters(log, ranges, stop, id)
  } catch (error) {
    if (stop.aborted && error === stop.reason) return undefined
    throw error
  }
}

/** Of dead letters that are named by their places, those places are read, and what lies behind them for word of them. */
function rangesFor(
  ranges: readonly Range[],
  places: readonly { readonly partition: number; readonly offset: number }[] | undefined,
) {
  if (!places) return { read: ranges, told: ranges }
  const near = ranges.flatMap(range => {
    const offsets = places.flatMap(({ partition, offset }) =>
      partition === range.partition && offset >= range.start && offset < range.end ? [offset] : [],
    )
    if (offsets.length === 0) return []
    const [first, last] = [Math.min(...offsets), Math.max(...offsets)]
    return [{ read: { ...range, start: first, end: last + 1 }, told: { ...range, start: first } }]
  })
  return { read: near.map(({ read }) => read), told: near.map(({ told }) => told) }
}
