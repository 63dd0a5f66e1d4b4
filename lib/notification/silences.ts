/** Silences: matching alerts send no notifications for a limited time. Pure. */
import { NO_DATA } from '../alerting/alert.ts'
import { type AlertFacts, type AlertMatch, matchesAlert } from './alert-match.ts'

export interface Silence {
  readonly id: string
  readonly match: AlertMatch
  /** Start time of the silence, RFC 3339, inclusive. `endsAt` is the end time, exclusive. */
  readonly startsAt: string
  readonly endsAt: string
  /** Name of the person who created the silence. `comment` is the reason for the silence. */
  readonly author: string
  readonly comment: string
  readonly createdAt: string
}

/** Last change of the set of silences, and who made it. */
export interface SilenceChange {
  readonly action: 'added' | 'ended'
  readonly silenceId: string
  readonly author: string
  readonly comment: string
}

/** All silences, in the form in which they are stored. */
export interface SilenceSet {
  /** Revision number, which increases with each change. It ensures that an older set never replaces a newer one. */
  readonly revision: number
  /** Silences in the order of creation. Silences that ended recently are included. */
  readonly silences: readonly Silence[]
  readonly change: SilenceChange
}

export type SilencePhase = 'pending' | 'active' | 'past'

/** Maximum number of ended silences that are kept, so that users can still see them. */
const MAX_PAST = 200

export function getPhase({ startsAt, endsAt }: Silence, nowMs: number): SilencePhase {
  if (nowMs >= Date.parse(endsAt)) return 'past'
  return nowMs < Date.parse(startsAt) ? 'pending' : 'active'
}

export function withSilence(set: SilenceSet | undefined, silence: Silence, nowMs: number): SilenceSet {
  const { id: silenceId, author, comment } = silence
  const change = { action: 'added', silenceId, author, comment } as const
  return applyChange(set, [...(set?.silences ?? []), silence], change, nowMs)
}

/**
 * Ends a silence immediately, even if it has not started yet.
 *
 * @returns undefined if the id is unknown or the silence has already ended
 */
export function withoutSilence(
  set: SilenceSet | undefined,
  silenceId: string,
  { author, comment }: { readonly author: string; readonly comment: string },
  nowMs: number,
): SilenceSet | undefined {
  const found = set?.silences.find(({ id }) => id === silenceId)
  if (set === undefined || found === undefined || getPhase(found, nowMs) === 'past') return undefined
  const endsAt = new Date(nowMs).toISOString()
  const startsAt = Date.parse(found.startsAt) > nowMs ? endsAt : found.startsAt
  const silences = set.silences.map(silence =>
    silence === found ? { ...silence, startsAt, endsAt } : silence,
  )
  return applyChange(set, silences, { action: 'ended', silenceId, author, comment }, nowMs)
}

/**
 * Returns the set of silences after a change.
 *
 * @param nowMs current time. The new revision is at least this number, so that it increases even if the stored set was lost.
 */
function applyChange(
  set: SilenceSet | undefined,
  silences: readonly Silence[],
  change: SilenceChange,
  nowMs: number,
): SilenceSet {
  const past = silences.filter(silence => getPhase(silence, nowMs) === 'past')
  const dropped = new Set(past.slice(0, Math.max(0, past.length - MAX_PAST)))
  return {
    revision: Math.max((set?.revision ?? 0) + 1, nowMs),
    silences: silences.filter(silence => !dropped.has(silence)),
    change,
  }
}

/** Silence whose times have been converted to numbers, because every alert is compared with every silence. */
export interface TimedSilence {
  readonly match: AlertMatch
  readonly startMs: number
  readonly endMs: number
}

export function toTimedSilence({ match, startsAt, endsAt }: Silence): TimedSilence {
  return { match, startMs: Date.parse(startsAt), endMs: Date.parse(endsAt) }
}

/** Returns the silences that mute an alert at this time. */
export function findSilences(
  silences: readonly TimedSilence[],
  alert: AlertFacts,
  atMs: number,
): readonly TimedSilence[] {
  return silences.filter(
    ({ match, startMs, endMs }) => startMs <= atMs && atMs < endMs && isSilenced(match, alert),
  )
}

/** Returns whether a condition of silences fits an alert. The name of a rule also stands for the `NoData` alerts of that rule. */
export function isSilenced(match: AlertMatch, alert: AlertFacts): boolean {
  const { rule, labels } = alert
  return (
    matchesAlert(match, alert) ||
    (rule === NO_DATA && matchesAlert(match, { ...alert, rule: labels.rule ?? rule }))
  )
}
