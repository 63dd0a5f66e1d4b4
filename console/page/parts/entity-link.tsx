import type { JSX } from 'preact'
import { addressOf } from '../data/address.ts'
import { hasTelemetry, partsOf } from './entity.ts'

/** An entity, as a link to its telemetry if it has any. */
export function EntityLink({ entity }: { readonly entity: string }): JSX.Element {
  const { source, subject } = partsOf(entity)
  const shown = (
    <>
      {subject || source} {subject && <small class="muted">{source}</small>}
    </>
  )
  return hasTelemetry(entity) ? (
    <a href={addressOf('/telemetry', { entity })}>{shown}</a>
  ) : (
    <span>{shown}</span>
  )
}
