/** Orders actual notifications like the expected ones, where their order is not defined. Pure. */
import type { Notification } from './rule-log.ts'
import type { ExpectedNotification } from './test-file.ts'

type Fits = (expected: ExpectedNotification, actual: Notification) => boolean

/**
 * Maximum number of attempts to assign the notifications of one instant, so that the notifications of each alert keep their order.
 */
const MAX_ATTEMPTS = 10_000

/**
 * Assigns actual notifications to expected ones. At the same instant, the notifications of one alert are ordered, but different
 * alerts have no defined order. The assignment includes as many notifications as possible. A general expectation therefore does not
 * use up the only notification that matches a specific one.
 */
export function asExpected(
  expected: readonly ExpectedNotification[],
  sent: readonly Notification[],
  fits: Fits,
): readonly Notification[] {
  const wanted = instantsOf(expected)
  return instantsOf(sent).flatMap(group => {
    const index = wanted.findIndex(([one]) => one?.atMs === group[0]?.atMs)
    const [own = []] = index < 0 ? [] : wanted.splice(index, 1)
    return ordered(own, group, fits)
  })
}

/** Groups adjacent elements with the same time. */
function instantsOf<At extends { readonly atMs: number }>(all: readonly At[]): At[][] {
  const groups: At[][] = []
  for (const one of all) {
    const last = groups.at(-1)
    if (last?.[0]?.atMs === one.atMs) last.push(one)
    else groups.push([one])
  }
  return groups
}

function ordered(
  expected: readonly ExpectedNotification[],
  sent: readonly Notification[],
  fits: Fits,
): readonly Notification[] {
  const candidates = expected.map(one => sent.flatMap((actual, index) => (fits(one, actual) ? [index] : [])))
  const chosen = matched(candidates)
  const places = keepsOrders(chosen, sent) ? chosen : inOrders(candidates, sent)
  if (places === undefined) return sent
  const rest = sent.flatMap((_, index) => (places.includes(index) ? [] : [index]))
  const all = places.map(index => index ?? rest.shift())
  return [...all, ...rest].flatMap(index => (index === undefined ? [] : [sent[index] as Notification]))
}

/**
 * Returns the index of the assigned candidate for each expected notification. Computes a maximum matching with augmenting paths
 * (Kuhn's algorithm).
 */
function matched(candidates: readonly (readonly number[])[]): (number | undefined)[] {
  const owner = new Map<number, number>()
  const give = (place: number, tried: Set<number>): boolean => {
    for (const index of candidates[place] ?? []) {
      if (tried.has(index)) continue
      tried.add(index)
      const before = owner.get(index)
      if (before !== undefined && !give(before, tried)) continue
      owner.set(index, place)
      return true
    }
    return false
  }
  for (const place of candidates.keys()) give(place, new Set())
  const chosen: (number | undefined)[] = candidates.map(() => undefined)
  for (const [index, place] of owner) chosen[place] = index
  return chosen
}

/** Returns whether the assignment keeps the notifications of each alert in their original order. */
function keepsOrders(chosen: readonly (number | undefined)[], sent: readonly Notification[]): boolean {
  const last = new Map<string, number>()
  for (const index of chosen) {
    if (index === undefined) continue
    const { fingerprint } = (sent[index] as Notification).alert
    if (index < (last.get(fingerprint) ?? -1)) return false
    last.set(fingerprint, index)
  }
  return true
}

/** Searches for a complete assignment that keeps the order of each alert's notifications. Returns undefined if none is found. */
function inOrders(
  candidates: readonly (readonly number[])[],
  sent: readonly Notification[],
): number[] | undefined {
  let attempts = 0
  const extended = (chosen: readonly number[]): number[] | undefined => {
    const open = candidates[chosen.length]
    if (open === undefined) return [...chosen]
    for (const index of open) {
      attempts += 1
      if (attempts > MAX_ATTEMPTS) return undefined
      const next = [...chosen, index]
      const found = chosen.includes(index) || !keepsOrders(next, sent) ? undefined : extended(next)
      if (found) return found
    }
    return undefined
  }
  return extended([])
}
