import type { Change, Wanted } from '../../lib/pipeline/ports.ts'

const WINDOW_MS = 3_600_000

/** Of a slot only what is always read. */
export const NOTHING: Wanted = { entities: [], ids: [], idWindowMs: WINDOW_MS }

/** What a wave changes in a slot of which nothing is decided yet. */
export function changeOf(part: Partial<Change> = {}): Change {
  return {
    base: { epoch: 0, mark: -1 },
    mark: 0,
    clock: { nowMs: 0, lastAppendMs: 1, highestAppendMs: 1 },
    states: new Map(),
    ids: [],
    outbox: [],
    tally: new Map(),
    idWindowMs: WINDOW_MS,
    ...part,
  }
}
