/**
 * An independent account of patterns, slow and without any state: whether a pattern holds at an instant follows from all that has
 * happened until then. Times are whole numbers; events are in the order of their times.
 */
import type { Happened } from './support.ts'

interface ReferenceChange {
  readonly kind: 'fired' | 'resolved'
  readonly atMs: number
}

/** Counts at each instant how many events are within the time before it. */
export function countReference(
  { count, withinMs }: { readonly count: number; readonly withinMs: number },
  keepMs: number,
  events: readonly Happened[],
  endMs: number,
): ReferenceChange[] {
  const times = events.filter(({ met }) => met?.includes(0)).map(({ atMs }) => atMs)
  const holds = (atMs: number, isAfter: boolean) =>
    times.filter(time => time <= atMs && (isAfter ? time > atMs - withinMs : time >= atMs - withinMs))
      .length >= count
  return findLife(endMs, keepMs, holds)
}

/** An instant has two halves: with the events of that instant, and after it, when what lasts until then has ended. */
function findLife(
  endMs: number,
  keepMs: number,
  holds: (atMs: number, isAfter: boolean) => boolean,
): ReferenceChange[] {
  const told: ReferenceChange[] = []
  let isFiring = false
  let lastHeldMs = 0
  for (let atMs = 0; atMs <= endMs; atMs += 1)
    for (const isAfter of [false, true]) {
      if (holds(atMs, isAfter)) {
        if (!isFiring) told.push({ kind: 'fired', atMs })
        isFiring = true
        // A condition that holds after an instant holds until the next.
        lastHeldMs = isAfter ? atMs + 1 : atMs
      } else if (isAfter && isFiring && atMs >= lastHeldMs + keepMs) {
        told.push({ kind: 'resolved', atMs })
        isFiring = false
      }
    }
  return told
}

/** Tries every combination of events as the steps. @param withinMs longest time between a step and the one before it */
export function sequenceReference(
  withinMs: readonly number[],
  keepMs: number,
  events: readonly Happened[],
  endMs: number,
): ReferenceChange[] {
  const isChain = (from: number, last: number): boolean => chains(from, last, withinMs.length - 1)
  const chains = (from: number, index: number, step: number): boolean => {
    const event = events[index]
    if (!event?.met?.includes(step)) return false
    if (step === 0) return true
    for (let before = from; before < index; before += 1)
      if (event.atMs - (events[before] as Happened).atMs <= (withinMs[step] as number))
        if (chains(from, before, step - 1)) return true
    return false
  }
  // A match uses up all events so far. It counts for `keepMs` from then on.
  const matches: number[] = []
  let from = 0
  for (const [index, { atMs }] of events.entries())
    if (isChain(from, index)) {
      matches.push(atMs)
      from = index + 1
    }
  const told: ReferenceChange[] = []
  let lastMs: number | undefined
  for (let atMs = 0; atMs <= endMs; atMs += 1)
    for (const isAfter of [false, true]) {
      const isMatch = !isAfter && matches.includes(atMs)
      if (isMatch) {
        if (lastMs === undefined) told.push({ kind: 'fired', atMs })
        lastMs = atMs
      } else if (isAfter && lastMs !== undefined && atMs >= lastMs + keepMs) {
        told.push({ kind: 'resolved', atMs })
        lastMs = undefined
      }
    }
  return told
}
