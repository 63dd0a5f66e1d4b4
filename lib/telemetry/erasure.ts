import { derivedId, type Event } from '#runtime/consumer/index.ts'
import type { EventType } from '../schemas/event-types.ts'
import { toDataschema } from './dataschema.ts'

/**
 * CloudEvents `type` of the event that makes every consumer forget an entity. Source and subject of the event identify the entity.
 */
export const ENTITY_ERASED_TYPE = 'io.sluice.entity.erased.v1' satisfies EventType

/** Data of `io.sluice.entity.erased.v1`. */
export interface Erasure {
  /** Id of the erasure, which is the same in all partitions. */
  readonly erasureId: string
  /**
   * Time of the request, RFC 3339, according to the clock of the operator's machine. It is only informational, because the position
   * of the event in the log determines what is erased.
   */
  readonly requestedAt: string
  readonly partition: number
}

/**
 * Returns the event that erases an entity in one partition. The event has no `time`, so that the clock of the operator's machine
 * has no effect. The id includes the partition. Events that processes emit for the erasure derive their ids from it, so their ids
 * differ between partitions.
 */
export function entityErased(
  { source, subject }: Pick<Event, 'source' | 'subject'>,
  erasure: Erasure,
): Event<Erasure> {
  return {
    id: derivedId('entity-erased', erasure.erasureId, erasure.partition),
    source,
    ...(subject === undefined ? {} : { subject }),
    type: ENTITY_ERASED_TYPE,
    datacontenttype: 'application/json',
    dataschema: toDataschema(ENTITY_ERASED_TYPE),
    data: erasure,
  }
}
