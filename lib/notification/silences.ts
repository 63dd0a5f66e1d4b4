/** Silences: alerts that match one cause no notifications between two times. Pure. */
import { type AlertFacts, type AlertMatch, matchesAlert } from './match.ts'

export interface Silence {
  readonly id: string
  readonly match: AlertMatch
  /** RFC 3339; it holds from the first on, and no longer at the second. */
  readonly startsAt: string
  readonly endsAt: string
  /** Author and reason. */
  readonly author: string
  readonly comment: string
  readonly createdAt: string
}

/** Last change of the silences, and its author. */
export interface SilenceChange {
  readonly action: 'added' | 'ended'
  readonly silenceId: string
  readonly author: string
  readonly comment: string
}

/** All silences, as they are kept. */
export interface SilenceSet {
  /** Grows with each change, so that an older set never takes the place of a newer one. */
  readonly revision: number
  /** Silences in the order of creation, with those that ended recently. */
  readonly silences: readonly Silence[]
  readonly change: SilenceChange
}

export type SilencePhase = 'pending' | 'active' | 'past'

/** Silences that have ended and are kept for people to look at. */
const MAX_PAST = 200

export function phaseOf({ startsAt, endsAt }: Silence, nowMs: number): SilencePhase {
  if (nowMs >= Date.parse(endsAt)) return 'past'
  return nowMs < Date.parse(startsAt) ? 'pending' : 'active'
}

export function withSilence(set: SilenceSet | undefined, silence: Silence, nowMs: number): SilenceSet {
  const { id: silenceId, author, comment } = silence
  const change = { action: 'added', silenceId, author, comment } as const
  return changed(set, [...(set?.silences ?? []), silence], change, nowMs)
}

/**
 * Ends a silence now, also one that has not begun.
 *
 * @returns undefined if this id is unknown, or its silence has ended
 */
export function withoutSilence(
  set: SilenceSet | undefined,
  silenceId: string,
  { author, comment }: { readonly author: string; readonly comment: string },
  nowMs: number,
): SilenceSet | undefined {
  const found = set?.silences.find(({ id }) => id === silenceId)
  if (set === undefined || found === undefined || phaseOf(found, nowMs) === 'past') return undefined
  const endsAt = new Date(nowMs).toISOString()
  const startsAt = Date.parse(found.startsAt) > nowMs ? endsAt : found.startsAt
  const silences = set.silences.map(one => (one === found ? { ...one, startsAt, endsAt } : one))
  return changed(set, silences, { action: 'ended', silenceId, author, comment }, nowMs)
}

/** @param nowMs also the least revision: it grows even if what was kept has been lost */
function changed(
  set: SilenceSet | undefined,
  silences: readonly Silence[],
  change: SilenceChange,
  nowMs: number,
): SilenceSet {
  const past = silences.filter(one => phaseOf(one, nowMs) === 'past')
  const dropped = new Set(past.slice(0, Math.max(0, past.length - MAX_PAST)))
  return {
    revision: Math.max((set?.revision ?? 0) + 1, nowMs),
    silences: silences.filter(one => !dropped.has(one)),
    change,
  }
}

/** A silence with its times as numbers, because every alert is held against every silence. */
export interface TimedSilence {
  readonly match: AlertMatch
  readonly startMs: number
  readonly endMs: number
}

export function timed({ match, startsAt, endsAt }: Silence): TimedSilence {
  return { match, startMs: Date.parse(startsAt), endMs: Date.parse(endsAt) }
}

/** Returns the silences that mute the alert at this time. */
export function silencing(
  silences: readonly TimedSilence[],
  alert: AlertFacts,
  atMs: number,
): readonly TimedSilence[] {
  return silences.filter(
    ({ match, startMs, endMs }) => startMs <= atMs && atMs < endMs && matchesAlert(match, alert),
  )
}
