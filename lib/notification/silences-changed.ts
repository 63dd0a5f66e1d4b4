/** Event that contains all silences. It is appended to every partition of `notifications`. Pure. */

import { derivedId, type Event } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import { type Appended, type AppendReason, whyAppend as whyAppendAgain } from '../support/append-again.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { getPhase, type Silence, type SilenceChange, type SilenceSet } from './silences.ts'

export const SILENCES_CHANGED_TYPE = 'io.sluice.silences.changed.v1' satisfies EventType

/** Data of `io.sluice.silences.changed.v1`. */
export interface SilencesChanged {
  readonly revision: number
  /** All silences that have not ended. */
  readonly silences: readonly Silence[]
  readonly change: SilenceChange
}

/** Set of silences that has been appended to every partition. */
export interface AppendedSilences extends Appended {
  readonly revision: number
}

/**
 * Maximum size of the silences as JSON, in bytes. Messages of the topic are limited to 1 MiB, which includes the attributes and the
 * rest of the partition's context.
 */
const MAX_BYTES = 960 * 1024

/** Returns the reason to publish the set of silences again; undefined if that is not necessary. */
export function whyAppend(
  last: AppendedSilences | undefined,
  next: AppendedSilences,
): AppendReason | undefined {
  return whyAppendAgain(last, next, ({ revision }) => revision)
}

export function silencesAt({ revision, silences, change }: SilenceSet, nowMs: number): SilencesChanged {
  return { revision, silences: silences.filter(silence => getPhase(silence, nowMs) !== 'past'), change }
}

/** Returns an error message if the active and scheduled silences are too large for one event; undefined otherwise. */
export function silencesTooLarge(set: SilenceSet, nowMs: number): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(silencesAt(set, nowMs)))
  if (bytes <= MAX_BYTES) return undefined
  return `the silences have ${bytes} bytes in total, more than the ${MAX_BYTES} that fit into one event: end some first`
}

/**
 * Returns the event for one partition.
 *
 * @param at event time, RFC 3339. If the event is created again with the same time, it is the same event.
 */
export function silencesChanged(set: SilenceSet, partition: number, at: string): Event<SilencesChanged> {
  return {
    id: derivedId('silences-changed', set.revision, at, partition),
    source: '/silences',
    type: SILENCES_CHANGED_TYPE,
    time: at,
    datacontenttype: 'application/json',
    dataschema: toDataschema(SILENCES_CHANGED_TYPE),
    data: silencesAt(set, Date.parse(at)),
  }
}
