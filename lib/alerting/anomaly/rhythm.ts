/** Rhythm of a metric: how far each half hour of the day and each quarter of a day of the week is from the level. Pure. */
import { DAY_MS } from '../../support/duration.ts'

/** Part of a profile that is going on: its index, and sum and number of the values in it. */
type Part = readonly [index: number, sum: number, count: number]

/** Profile, in which a part is known once it has been seen on several days or in several weeks. */
interface Profile {
  /** Distances from the level, in parts of `unit`. Whole numbers keep the state small. */
  readonly v: readonly number[]
  /** Number of days or weeks that have been seen, at most nine. */
  readonly n: readonly number[]
  readonly p: Part
}

export interface Rhythm {
  /** Unit of the profiles: a small part of the distances that are usual. */
  readonly u: number
  readonly d: Profile
  readonly w: Profile
}

/** The epoch was a Thursday. Weeks begin on Monday. */
const MONDAY_DAYS = 3
/** The state of a profile counts up to this number, so that what has been seen lately counts a ninth. */
const MOST_SEEN = 9
const FEWEST_SEEN = 2
const UNITS = 64

const IN_DAY = 48
const IN_WEEK = 28

export const UNKNOWN_RHYTHM: Rhythm = { u: 0, d: createProfile(IN_DAY), w: createProfile(IN_WEEK) }

function createProfile(parts: number): Profile {
  return { v: Array(parts).fill(0), n: Array(parts).fill(0), p: [-1, 0, 0] }
}

/** Returns the usual distance from the level at this time; undefined if the day is not known yet, or not wanted. */
export function rhythmAt(
  { u, d, w }: Rhythm,
  timeMs: number,
  seasons: { readonly day: boolean; readonly week: boolean },
): number | undefined {
  const day = seasons.day ? findDistance(d, dayPart(timeMs)) : undefined
  const week = seasons.week ? findDistance(w, weekPart(timeMs)) : undefined
  return day === undefined && week === undefined ? undefined : ((day ?? 0) + (week ?? 0)) * u
}

/**
 * Returns the rhythm after a reading. A part of the day or week is learned when it is over.
 *
 * @param distance distance of the reading from the level
 * @param usual mean size of this distance
 */
export function withDistance(rhythm: Rhythm, timeMs: number, distance: number, usual: number): Rhythm {
  const { u, d, w } = rhythm
  const day = dayPart(timeMs)
  const week = weekPart(timeMs)
  const unit = u > 0 || d.p[0] === day || d.p[0] === -1 ? u : usual / UNITS
  const ofDay = (findDistance(d, day) ?? 0) * unit
  const ofWeek = (findDistance(w, week) ?? 0) * unit
  return {
    u: unit,
    d: updateProfile(d, day, distance - ofWeek, unit),
    w: updateProfile(w, week, distance - ofDay, unit),
  }
}

function updateProfile(profile: Profile, part: number, distance: number, unit: number): Profile {
  const [index, sum, count] = profile.p
  if (index === part) return { ...profile, p: [part, sum + distance, count + 1] }
  if (count === 0 || !(unit > 0)) return { ...profile, p: [part, distance, 1] }
  const seen = Math.min(MOST_SEEN, (profile.n[index] as number) + 1)
  const before = profile.v[index] as number
  const after = Math.round(before + (sum / count / unit - before) / seen)
  const clampedDistance = Math.max(-99_999, Math.min(99_999, after))
  return { v: profile.v.with(index, clampedDistance), n: profile.n.with(index, seen), p: [part, distance, 1] }
}

function findDistance({ v, n }: Profile, part: number): number | undefined {
  return (n[part] as number) >= FEWEST_SEEN ? v[part] : undefined
}

function dayPart(timeMs: number): number {
  return Math.floor((timeMs / DAY_MS - Math.floor(timeMs / DAY_MS)) * IN_DAY)
}

function weekPart(timeMs: number): number {
  const weeks = (timeMs / DAY_MS + MONDAY_DAYS) / 7
  return Math.floor((weeks - Math.floor(weeks)) * IN_WEEK)
}
