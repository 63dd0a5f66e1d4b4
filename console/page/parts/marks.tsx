/** Small parts that many pages show. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { addressOf } from '../data/address.ts'
import { exactText, hasTelemetry, partsOf, timeText } from './words.ts'

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

/** Never by colour alone: the word is there. */
export function Severity({ of }: { readonly of: string }): JSX.Element {
  const known = ['critical', 'warning', 'info'].includes(of) ? of : 'info'
  return <span class={`severity ${known}`}>{of}</span>
}

/** The most urgent first. */
export function urgencyOf({ severity }: { readonly severity: string }): number {
  return ['critical', 'warning', 'info'].indexOf(severity)
}

/** Milliseconds since the epoch, for durations that grow while one looks at them. */
export function useNow(everyMs = 5_000): number {
  const [nowMs, setNowMs] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

export function Badge({
  tone = 'plain',
  title,
  children,
}: {
  readonly tone?: Tone
  /** More words, for those who point at it. */
  readonly title?: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  )
}

/** @param at RFC 3339, or milliseconds since the epoch */
export function Moment({ at }: { readonly at: string | number }): JSX.Element {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactText(at)}>
      {timeText(at, Date.now())}
    </time>
  )
}
