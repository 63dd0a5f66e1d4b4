/** The event with all silences for every partition of `notifications`, and the time when it is appended. Pure. */

import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type Appended, type AppendReason, whyAppend as whyAppendAgain } from '../append-again.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { phaseOf, type Silence, type SilenceChange, type SilenceSet } from './silences.ts'

export const SILENCES_CHANGED_TYPE = 'io.sluice.silences.changed.v1' satisfies EventType

/** Data of `io.sluice.silences.changed.v1`. */
export interface SilencesChanged {
  readonly revision: number
  /** All that have not ended. */
  readonly silences: readonly Silence[]
  readonly change: SilenceChange
}

/** A set that was appended to every partition. */
export interface AppendedSilences extends Appended {
  readonly revision: number
}

/** Messages of the topic have 1 MiB; the rest is for the attributes, and for what the context of a partition has beside it. */
const MAX_BYTES = 960 * 1024

/** Returns the reason for publishing the set; undefined if it is not due. */
export function whyAppend(
  last: AppendedSilences | undefined,
  next: AppendedSilences,
): AppendReason | undefined {
  return whyAppendAgain(last, next, ({ revision }) => revision)
}

export function silencesAt({ revision, silences, change }: SilenceSet, nowMs: number): SilencesChanged {
  return { revision, silences: silences.filter(one => phaseOf(one, nowMs) !== 'past'), change }
}

/** Returns an error message if the silences that have not ended do not fit into one event, else undefined. */
export function silencesTooLarge(set: SilenceSet, nowMs: number): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(silencesAt(set, nowMs)))
  if (bytes <= MAX_BYTES) return undefined
  return `the silences take ${bytes} bytes together, and the event that carries them has room for ${MAX_BYTES}: end some first`
}

/** The event for one partition. @param at RFC 3339; with the same, a repeat is the same event */
export function silencesChanged(set: SilenceSet, partition: number, at: string): Event<SilencesChanged> {
  return {
    id: derivedId('silences-changed', set.revision, at, partition),
    source: '/silences',
    type: SILENCES_CHANGED_TYPE,
    time: at,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(SILENCES_CHANGED_TYPE),
    data: silencesAt(set, Date.parse(at)),
  }
}
