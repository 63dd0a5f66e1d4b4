/** Labels of entities, severities, states and times. */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Tone } from '../../../control/questions/column.ts'
import { groupText } from '../../../lib/support/group-text.ts'
import { buildAddress } from '../client/address.ts'
import { formatExactTime, formatTime } from './value-texts.ts'

/** Name of an entity, with a link to its telemetry if the entity sends readings. */
export function EntityLink({ entity }: { readonly entity: string }): JSX.Element {
  const { source, subject } = splitEntity(entity)
  const shown = (
    <>
      {subject ? groupText(subject) : source} {subject && <small class="muted">{source}</small>}
    </>
  )
  return hasTelemetry(entity) ? (
    <a href={buildAddress('/telemetry', { entity })}>{shown}</a>
  ) : (
    <span>{shown}</span>
  )
}

/** Returns source and subject of an entity. The subject is empty if its events have none. */
export function splitEntity(entity: string): { readonly source: string; readonly subject: string } {
  const [source = '', ...subject] = entity.split(' ')
  return { source, subject: subject.join(' ') }
}

/** Matches entities that are not in readings: rows of tables, groups of patterns, the clock. */
const OWN_ENTITY = /^\/(?:views\/|groups\/|clock(?: |$))/

/** Returns whether the entity sends readings, of whatever family. */
export function hasTelemetry(entity: string): boolean {
  return !OWN_ENTITY.test(entity)
}

/** Severity as a colored word. The word makes it readable without colors. */
export function Severity({ of }: { readonly of: string }): JSX.Element {
  const severity = ['critical', 'warning', 'info'].includes(of) ? of : 'info'
  return <span class={`severity ${severity}`}>{of}</span>
}

/** Returns the tone of a firing alert: only a critical one is a fault. */
export function toTone(severity: string | undefined): Tone {
  return severity === 'critical' ? 'bad' : 'warn'
}

/** Returns the rank of a severity for sorting. The most urgent severity has the lowest rank. */
export function rankSeverity({ severity }: { readonly severity: string }): number {
  return ['critical', 'warning', 'info'].indexOf(severity)
}

/** Returns the current time in epoch milliseconds, updated at an interval. */
export function useNow(everyMs = 5_000): number {
  const [nowMs, setNowMs] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}

export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: Tone
  readonly children: ComponentChildren
}): JSX.Element {
  return <span class={`badge ${tone}`}>{children}</span>
}

/** Shows a time. @param at RFC 3339, or epoch milliseconds; null for a record without a timestamp */
export function Moment({ at }: { readonly at: string | number | null }): JSX.Element {
  if (at === null) return <>no timestamp</>
  return (
    <time dateTime={new Date(at).toISOString()} title={formatExactTime(at)}>
      {formatTime(at, Date.now())}
    </time>
  )
}
