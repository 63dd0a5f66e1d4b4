import { derivedId } from '../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from './dataschema.ts'

/** CloudEvents `type` of the event that makes every consumer forget the entity in the event's source and subject. */
export const ENTITY_ERASED_TYPE = 'io.sluice.entity.erased.v1' satisfies EventType

/** Data of `io.sluice.entity.erased.v1`. */
export interface Erasure {
  /** Id of the erasure, which is the same in every partition. */
  readonly erasureId: string
  /**
   * Time of the request, RFC 3339, by the clock of the operator's machine. It is informational: the position
   * in the log determines what is erased.
   */
  readonly requestedAt: string
  readonly partition: number
}

/**
 * Returns the event that erases an entity in one partition. It has no `time`, so that the clock of the operator's machine has no
 * effect. The partition is part of the id: a process may emit events for an erasure, and their ids are derived from this one.
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
    dataschema: dataschemaOf(ENTITY_ERASED_TYPE),
    data: erasure,
  }
}
