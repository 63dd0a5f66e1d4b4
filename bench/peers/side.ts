import { setTimeout as pause } from 'node:timers/promises'
import type { EntitySummary } from '../../lib/analytics/processor.ts'
import { Notes } from '../kit/notes.ts'
import type { Note } from './noting.ts'
import type { Expected } from './readings.ts'

/** A system that is running, and applies the readings of one environment. */
export interface Side {
  /** The file with what it has applied. */
  readonly notes: string
  /** Returns the present statistics of each entity, by sensor. */
  statistics(): Promise<ReadonlyMap<string, EntitySummary>>
  /**
   * Returns the processor time of its processes, its store's included, in milliseconds; undefined if the system does not report it.
   */
  processorMs(): Promise<number | undefined>
  /** Undefined while it runs, or else why it has ended. */
  failed(): string | undefined
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 100
/** Time in which a side stores what it has noted. */
const STORED_WITHIN_MS = 30_000

/** Waits until this many records were noted. @throws Error if that takes longer, or the side ends */
export async function untilNoted(
  side: Side,
  count: number,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<readonly Note[]> {
  const endAtMs = Date.now() + withinMs
  const notes = new Notes<Note>(side.notes)
  for (;;) {
    const all = await notes.read()
    const seen = all.reduce((sum, note) => sum + note.count, 0)
    if (seen >= count) return all
    const failure = side.failed()
    if (failure !== undefined) throw new Error(`it ended after ${seen} of ${count} records:\n${failure}`)
    if (Date.now() > endAtMs)
      throw new Error(`only ${seen} of ${count} records were applied within ${withinMs} ms`)
    await pause(LOOK_EVERY_MS, undefined, { signal })
  }
}

/**
 * Waits until a side has stored exactly what was sent: the count and the sum of every entity.
 *
 * @throws Error that names the first differences
 */
export async function verify(
  side: Side,
  expected: ReadonlyMap<string, Expected>,
  signal: AbortSignal,
): Promise<void> {
  if (expected.size === 0) throw new Error('nothing was sent, so nothing can be compared')
  const endAtMs = Date.now() + STORED_WITHIN_MS
  for (;;) {
    const differences = listDifferences(await side.statistics(), expected)
    if (differences.length === 0) return
    if (Date.now() > endAtMs)
      throw new Error(
        `${differences.length} entities differ from the reference:\n${differences.slice(0, 5).join('\n')}`,
      )
    await pause(LOOK_EVERY_MS, undefined, { signal })
  }
}

/** One line for each entity whose count or sum differs. */
function listDifferences(
  found: ReadonlyMap<string, EntitySummary>,
  expected: ReadonlyMap<string, Expected>,
): string[] {
  const names = new Set([...found.keys(), ...expected.keys()])
  return [...names].flatMap(name => {
    const { count = 0, mean = 0 } = found.get(name)?.metrics.temperature ?? {}
    const wanted = expected.get(name) ?? { count: 0, sum: 0 }
    // The mean is kept, not the sum, so its last digits are rounded.
    const isSame =
      count === wanted.count && Math.abs(mean * count - wanted.sum) <= 1e-9 * Math.abs(wanted.sum)
    return isSame
      ? []
      : [`${name}: count ${count}, sum ${mean * count}; expected ${wanted.count}, ${wanted.sum}`]
  })
}
