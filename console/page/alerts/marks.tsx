/** Small parts that several pages about alerts show. */
import type { JSX } from 'preact'
import { addressOf } from '../data/address.ts'

/** Never by colour alone: the word is there. */
export function Severity({ of }: { readonly of: string }): JSX.Element {
  const known = ['critical', 'warning', 'info'].includes(of) ? of : 'info'
  return <span class={`alerts-severity alerts-${known}`}>{of}</span>
}

/** An entity, as a link to its telemetry. Groups have none. */
export function EntityLink({ entity }: { readonly entity: string }): JSX.Element {
  const space = entity.indexOf(' ')
  const [source, subject] = space < 0 ? [entity, ''] : [entity.slice(0, space), entity.slice(space + 1)]
  const shown = (
    <>
      {subject || source} {subject && <small class="muted">{source}</small>}
    </>
  )
  const hasTelemetry = /^\/(environment|database|device)\//.test(source)
  return hasTelemetry ? <a href={addressOf('/telemetry', { entity })}>{shown}</a> : <span>{shown}</span>
}
