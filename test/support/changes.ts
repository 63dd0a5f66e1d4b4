import type { Change, Version } from '../../lib/pipeline/ports.ts'

const WINDOW_MS = 3_600_000

/** The version of a slot that nobody has put anything else into. */
export function versionAt(mark: number): Version {
  return { epoch: 0, mark, fired: 0 }
}

/** What a wave changes in a slot of which nothing is decided yet. */
export function changeOf(part: Partial<Change> = {}): Change {
  return {
    base: versionAt(-1),
    mark: 0,
    fired: 0,
    emitted: 0,
    clock: { nowMs: 0, lastAppendMs: 1, highestAppendMs: 1 },
    states: new Map(),
    timers: new Map(),
    ids: [],
    failures: [],
    outbox: [],
    tally: new Map(),
    idWindowMs: WINDOW_MS,
    failureWindowMs: 30 * 24 * WINDOW_MS,
    ...part,
  }
}
