/** Opens the recordings of a replay, and determines their properties before anything is published. */

import { merged } from '../../lib/operations/replay/merge.ts'
import type { OnInvalid, Recorded } from '../../lib/operations/replay/recorded.ts'
import { outlook, type Selection, selected, survey } from '../../lib/operations/replay/selection.ts'
import { type Item, type Limits, periodOf, sequence } from '../../lib/operations/replay/sequence.ts'
import type { Extent } from '../../lib/operations/replay/shift.ts'
import type { Source } from '../../lib/operations/replay/source.ts'
import { parseFilter } from '../../lib/queries/record-filter.ts'
import type { DataReader } from '../../packages/runtime/pipeline/ports.ts'
import { usageFailure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import type { ReplayPlan } from './plan.ts'

export interface Opened {
  readonly items: AsyncIterable<readonly Item[]>
  readonly extent: Extent | undefined
  /** Number of items to publish; undefined if unknown. */
  readonly total: number | undefined
  readonly invalid: Invalid
}

/** Maximum number of skipped lines that are reported one by one. */
const MAX_NAMED = 10

/** Counts and reports invalid lines, which are skipped if `--skip-invalid` is given. */
export class Invalid {
  readonly #terminal: Pick<Terminal, 'stderr'>
  count = 0

  constructor(terminal: Pick<Terminal, 'stderr'>) {
    this.#terminal = terminal
  }

  readonly add: OnInvalid = message => {
    this.count++
    if (this.count <= MAX_NAMED) this.#terminal.stderr.write(`Left out: ${message}\n`)
    if (this.count === MAX_NAMED + 1)
      this.#terminal.stderr.write('Further invalid lines are skipped and only counted.\n')
  }
}

/**
 * Opens the recordings. Files are read completely, so that an invalid line is reported before anything is published. Only the
 * beginning of a pipe is read.
 *
 * @param done number of items that have already been published and are skipped
 * @param reader decodes the data of events for filters
 */
export async function opened(
  sources: readonly Source[],
  plan: ReplayPlan,
  done: number,
  terminal: Pick<Terminal, 'stderr'>,
  reader?: DataReader,
): Promise<Opened> {
  const { fromLine, skipInvalid } = plan
  if (fromLine > 1 && sources.length > 1)
    throw usageFailure(
      '--from-line can be used only with a single file: use --skip if several files are merged.',
    )
  const filters = plan.filters.flatMap(text => parseFilter(text) ?? [])
  const selection = { fromLine, filters, ...(reader ? { reader } : {}) }
  const invalid = new Invalid(terminal)
  const read = (onInvalid: OnInvalid) =>
    merged(sources.map(source => source.read(skipInvalid ? onInvalid : undefined)))
  return sources.every(({ isRepeatable }) => isRepeatable)
    ? ofFiles(read, selection, plan, done, invalid)
    : ofPipes(read, selection, plan, done, invalid)
}

type ReadRecorded = (onInvalid: OnInvalid) => AsyncGenerator<readonly Recorded[]>

async function ofFiles(
  read: ReadRecorded,
  selection: Selection,
  plan: ReplayPlan,
  done: number,
  invalid: Invalid,
): Promise<Opened> {
  const { limit, forMs, loop } = plan
  const { count, isCut, extent, spanMs, firstPaceMs } = await survey(read(invalid.add), selection, plan)
  const rounds = isCut ? 1 : Math.min(loop, count === 0 ? 1 : Math.ceil(limit / count))
  const periodMs = periodOf(spanMs, count)
  const skip = plan.skip + done
  const roundCount = isCut ? undefined : count
  const limits: Limits = { loop: rounds, periodMs, limit, forMs, skip, roundCount, firstMs: firstPaceMs }
  // Do not count invalid lines here, because they have already been counted.
  const items = sequence(
    () =>
      selected(
        read(() => {}),
        selection,
      ),
    limits,
  )
  return { items, extent: extended(extent, rounds, periodMs, forMs), total: totalOf(), invalid }

  function totalOf(): number | undefined {
    if (rounds > 1 && Number.isFinite(forMs)) return undefined
    const all = Math.min(limit, rounds * count)
    return Number.isFinite(all) ? Math.max(0, all - skip) : undefined
  }
}

/** Returns the time range of a recording, extended to the latest time of all rounds. */
function extended(
  extent: Extent | undefined,
  rounds: number,
  periodMs: number,
  forMs: number,
): Extent | undefined {
  if (extent?.latestMs === undefined || rounds <= 1) return extent
  const moreMs = Math.min((rounds - 1) * periodMs, forMs)
  return { ...extent, latestMs: Number.isFinite(moreMs) ? extent.latestMs + moreMs : undefined }
}

async function ofPipes(
  read: ReadRecorded,
  selection: Selection,
  plan: ReplayPlan,
  done: number,
  invalid: Invalid,
): Promise<Opened> {
  if (plan.loop > 1) throw usageFailure('--loop needs files: a pipe cannot be read twice.')
  const [beginning = [], all] = await peeked(read(invalid.add))
  const [first = [], groups] = await peeked(selected(all, selection))
  const { limit, forMs } = plan
  const limits: Limits = { loop: 1, periodMs: 0, limit, forMs, skip: plan.skip + done }
  return {
    items: sequence(() => groups, limits),
    extent: outlook(beginning, first),
    total: undefined,
    invalid,
  }
}

/** Returns the first item, and an iterable of all items. */
export async function peeked<T>(
  items: AsyncIterable<T>,
): Promise<[first: T | undefined, all: AsyncIterable<T>]> {
  const iterator = items[Symbol.asyncIterator]()
  const { done, value } = await iterator.next()
  const all = async function* () {
    if (done) return
    yield value
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  }
  return [done ? undefined : value, all()]
}
