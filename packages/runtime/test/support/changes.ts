import { derivedId } from '../../consumer/derived-id.ts'
import type { RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import type { Version } from '../../pipeline/model/partition-state.ts'
import type { Change } from '../../pipeline/model/snapshot.ts'

const WINDOW_MS = 3_600_000

/** Returns the version of a partition state that was never replaced and in which no timer has fired. */
export function versionAt(appliedOffset: number): Version {
  return { epoch: 0, appliedOffset, fired: 0 }
}

/** Returns the first change of a partition state. */
export function createChange(part: Partial<Change> = {}): Change {
  return {
    base: versionAt(-1),
    appliedOffset: 0,
    fired: 0,
    emitted: 0,
    parkedBytes: 0,
    clock: { nowMs: 0, lastAppendMs: 1, highestAppendMs: 1 },
    appliedDigest: undefined,
    states: new Map(),
    timers: new Map(),
    ids: [],
    failures: [],
    outbox: [],
    tally: new Map(),
    idWindowMs: WINDOW_MS,
    failureWindowMs: 30 * 24 * WINDOW_MS,
    failureBytes: 64 * 1024 * 1024,
    forgottenTold: 0,
    failuresFromMs: 1,
    ...part,
  }
}

/** Returns an open failure whose id is derived from the name. */
export function createFailure(name: string, failedAtMs: number, producerGroup = 0): RememberedFailure {
  return {
    id: derivedId(name),
    partition: 0,
    offset: 9,
    attempt: 1,
    digest: 'digestdigestdige',
    producerGroup,
    isOpen: true,
    firstFailedAt: '2026-03-01T12:00:00.000Z',
    failedAtMs,
  }
}
