/** Validates and creates a silence. Pure. */
import type { AlertMatch } from '../../lib/notification/alert-match.ts'
import type { Silence } from '../../lib/notification/silences.ts'

export type SilenceFault = 'matches-all' | 'ends-before-it-begins' | 'too-late' | 'over-already'

/** Last time that RFC 3339 can represent. */
const LAST_MS = Date.parse('9999-12-31T23:59:59Z')

interface SilenceRequest extends Pick<Silence, 'id' | 'match' | 'author' | 'comment'> {
  /** Start time of the silence, in milliseconds since the epoch. `endMs` is the end time. */
  readonly startMs: number
  readonly endMs: number
}

/** Returns all errors in a request for a silence. The list is empty if the request is valid. */
export function findFaults(
  { match, startMs, endMs }: Pick<SilenceRequest, 'match' | 'startMs' | 'endMs'>,
  nowMs: number,
): SilenceFault[] {
  const ofMatch: SilenceFault[] = isOfAll(match) ? ['matches-all'] : []
  if (endMs <= startMs) return [...ofMatch, 'ends-before-it-begins']
  if (endMs > LAST_MS) return [...ofMatch, 'too-late']
  return endMs <= nowMs ? [...ofMatch, 'over-already'] : ofMatch
}

/** Returns the silence for a valid request. */
export function newSilence(
  { id, match, startMs, endMs, author, comment }: SilenceRequest,
  nowMs: number,
): Silence {
  const [startsAt, endsAt, createdAt] = [startMs, endMs, nowMs].map(ms => new Date(ms).toISOString()) as [
    string,
    string,
    string,
  ]
  return { id, match, startsAt, endsAt, author, comment, createdAt }
}

function isOfAll({ labels = {}, ...match }: AlertMatch): boolean {
  return [...Object.values(match), ...Object.values(labels)].every(texts => texts.length === 0)
}
