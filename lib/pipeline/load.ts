/** Step 3: what the slot holds of what a wave may touch, in one call. */
import type { LogRecord } from '../cloudevents/record.ts'
import { spanOf } from './clock.ts'
import type { Consumer } from './consumer.ts'
import type { Decoded } from './decode.ts'
import type { Slot, Snapshot, StateStore } from './ports.ts'

export function load(
  store: StateStore,
  slot: Slot,
  wave: readonly Decoded[],
  { idWindowMs, limits }: Pick<Consumer, 'idWindowMs' | 'limits'>,
): Promise<Snapshot> {
  const entities = new Set<string>()
  const ids = new Set<string>()
  const failures = new Set<string>()
  for (const decoded of wave) {
    if (decoded.aim?.consumer === slot.consumer) failures.add(decoded.aim.failure)
    if (!('fingerprint' in decoded)) continue
    entities.add(decoded.event.entity)
    ids.add(decoded.fingerprint.id)
  }
  const span = spanOf(wave.map(({ record }) => record))
  return store.load(slot, {
    entities: [...entities],
    ids: [...ids],
    failures: [...failures],
    idWindowMs,
    span,
    timerLimit: limits.timers,
  })
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
