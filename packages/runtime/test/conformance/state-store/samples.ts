/** Partition states, ids, timers and outbox entries for the suite of state stores. */
import { randomUUID } from 'node:crypto'
import type { LogClock } from '../../../pipeline/model/log.ts'
import type {
  OutboxEntry,
  RememberedId,
  StateKey,
  StoredTimer,
} from '../../../pipeline/model/partition-state.ts'

/** An hour, in milliseconds. */
export const WINDOW = 3_600_000

/** A partition state that no other test uses. */
export function newStateKey(): StateKey {
  return { consumer: 'conformance', topic: `topic-${randomUUID()}`, partition: 0 }
}

export function clockAt(nowMs: number): LogClock {
  return { nowMs, lastAppendMs: 1, highestAppendMs: 1 }
}

export function id(name: string, appliedAtMs = 0): RememberedId {
  // Sample with non-ASCII bytes, as a fingerprint may contain.
  return {
    id: `ÿ\u0000${name}`.padEnd(12, '\u0080').slice(0, 12),
    digest: `ë${name}`.padEnd(8, '*').slice(0, 8),
    appliedAtMs,
  }
}

export function timer(name: string, thresholdMs: number): StoredTimer {
  return { name, dueMs: 1_772_366_400_000, thresholdMs, id: `id of ${name}`, trace: {} }
}

export function entry(position: string): OutboxEntry {
  return {
    position,
    to: 'events',
    key: { base64: '/w==' },
    event: { id: `id of ${position}`, source: '/s', type: 't', data: { ä: 1 } },
  }
}
