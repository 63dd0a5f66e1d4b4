import type { Event } from '#runtime/consumer/event.ts'
import { type Erasure, entityErased } from '../../lib/telemetry/erasure.ts'

/** Returns the event that erases an entity in a partition. */
export function erasing(
  entity: { readonly source: string; readonly subject?: string },
  { erasureId = 'erasure-1', partition = 0 }: Partial<Erasure> = {},
): Event<Erasure> {
  return entityErased(entity, { erasureId, requestedAt: '2026-03-01T12:00:00Z', partition })
}
