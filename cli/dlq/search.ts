/** Reads the dead letters of an operation, and chooses which it takes. */
import { type FoundDeadLetter, type Scanned, scanGroups } from '../../lib/queries/dead-letters.ts'
import { handledDeadLetters } from '../../lib/queries/handled-dead-letters.ts'
import type { Range } from '../../lib/queries/records.ts'
import type { LogReader } from '../../lib/runtime/pipeline/ports.ts'
import { isStop } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { chosen, type Selection, type Taken, type Tally } from './choose.ts'
import type { Command } from './handling-text.ts'
import { placesIn } from './named.ts'
import type { Operation } from './operation.ts'
import type { redriveChooser } from './redriving.ts'

/** What is searched, and for whom. */
export interface Search {
  readonly terminal: Pick<Terminal, 'stop'>
  readonly log: LogReader
  /** Of the dlq topic, from where the conditions allow to its present end. */
  readonly ranges: readonly Range[]
  readonly command: Command
  readonly ats: readonly string[]
  readonly operation: Operation
  readonly choose: ReturnType<typeof redriveChooser>
}

/**
 * What is chosen of each group that was read, and how many records that was of.
 *
 * @param onLetter told of each letter that is chosen
 */
export async function* chosenGroups(
  { log, ranges, ats, choose, command, terminal, operation }: Search,
  selection: Selection,
  tally: Tally,
  onLetter: (letter: FoundDeadLetter) => void = () => {},
): AsyncGenerator<{ readonly taken: readonly Taken[]; readonly scanned: number }> {
  const places = placesIn(ats)
  const { read, told } = rangesFor(ranges, places)
  const known = await handledUnlessStopped(log, told, terminal.stop, operation)
  if (!known) return
  const takesBroken = command === 'drop'
  const choice = (scanned: Scanned) => {
    const taken = chosen(scanned, selection, tally, choose, takesBroken)
    if (taken && scanned.kind === 'letter') onLetter(scanned.letter)
    return taken
  }
  for await (const { results, scanned } of scanGroups(log, read, known, choice))
    yield { taken: results, scanned }
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
    if (isStop(error, stop)) return undefined
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
