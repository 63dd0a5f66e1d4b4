/** Step 3: what the slot holds of what a wave may touch, in one call. */
import type { LogRecord } from '../cloudevents/record.ts'
import type { Decoded } from './decode.ts'
import type { Slot, Snapshot, StateStore } from './ports.ts'

export function load(
  store: StateStore,
  slot: Slot,
  wave: readonly Decoded[],
  idWindowMs: number,
): Promise<Snapshot> {
  const entities = new Set<string>()
  const ids = new Set<string>()
  for (const decoded of wave) {
    if (!('fingerprint' in decoded)) continue
    entities.add(decoded.event.entity)
    ids.add(decoded.fingerprint.id)
  }
  return store.load(slot, { entities: [...entities], ids: [...ids], idWindowMs })
}

/**
 * A record that the slot claims to have decided, but appended later than anything the slot has seen: the topic is not
 * the one that the slot was computed from (recreated, or truncated). Deciding by its offset would lose it in silence.
 */
export function fromAnotherLog(snapshot: Snapshot, wave: readonly LogRecord[]): LogRecord | undefined {
  const { version, clock } = snapshot
  return wave.find(
    ({ offset, timestampMs }) => offset <= version.mark && timestampMs > (clock.highestAppendMs ?? Infinity),
  )
}

/**
 * Whether the slot knows nothing although the log does not begin here: the first deployment on a topic that has lost its
 * beginning to retention, or a store that has lost everything.
 */
export function startsWithoutMark({ version }: Snapshot, first: LogRecord): boolean {
  return version.mark < 0 && first.offset > 0
}

/** The offsets that lie between the mark and the wave, if any: the store has forgotten, or they were never delivered. */
export function missingStretch(
  { version }: Snapshot,
  first: LogRecord,
): { fromOffset: number; toOffset: number } | undefined {
  if (version.mark < 0 || first.offset <= version.mark + 1) return undefined
  return { fromOffset: version.mark + 1, toOffset: first.offset - 1 }
}
