/** Holds what a slot counted and remembers against what it must. */
import { isDeepStrictEqual } from 'node:util'
import type { Slot, SlotContents } from './slots.ts'
import { LOST, ORDER, TWICE, type Violations } from './violations.ts'

/** What the reference has of the same partition. */
interface Wanted {
  /** Of the partition. */
  readonly end: number
  readonly kept: {
    readonly tally: ReadonlyMap<string, number>
    readonly states: ReadonlyMap<string, object>
    readonly timers: ReadonlyMap<string, readonly object[]>
  }
}

export function compareSlot(
  { consumer, partition }: Slot,
  held: SlotContents,
  { end, kept: wanted }: Wanted,
  violations: Violations,
): void {
  const where = `${consumer}/${partition}`
  const waiting = end - 1 - held.mark
  if (waiting > 0)
    violations.add(LOST, `${where}: ${waiting} records after offset ${held.mark} were never decided`, waiting)
  if (held.outbox > 0) violations.add('left in the outbox', `${where}: ${held.outbox}`, held.outbox)
  compareTally(where, held.tally, wanted.tally, violations)
  for (const [entity, state] of wanted.states)
    compareState(`${where} ${entity}`, held.states.get(entity), state, violations)
  for (const entity of held.states.keys())
    if (!wanted.states.has(entity)) violations.add('states that should be forgotten', `${where} ${entity}`)
  for (const entity of new Set([...held.timers.keys(), ...wanted.timers.keys()]))
    compareTimers(`${where} ${entity}`, held.timers.get(entity), wanted.timers.get(entity), violations)
}

/** Exact, because the counters are committed with the mark: each record, and each timer, ends once and in one way. */
function compareTally(
  where: string,
  held: ReadonlyMap<string, number>,
  wanted: ReadonlyMap<string, number>,
  violations: Violations,
): void {
  for (const how of new Set([...held.keys(), ...wanted.keys()])) {
    const [has, should] = [held.get(how) ?? 0, wanted.get(how) ?? 0]
    const place = `${where}: ${has} ${how}, not ${should}`
    if (has === should) continue
    if (how.startsWith('applied/')) violations.add(has > should ? TWICE : LOST, place, Math.abs(has - should))
    else violations.add('counted otherwise than they ended', place, Math.abs(has - should))
  }
}

function compareState(where: string, json: string | undefined, wanted: object, violations: Violations): void {
  const held = json === undefined ? undefined : JSON.parse(json)
  if (isDeepStrictEqual(held, wanted)) return
  const should = (wanted as { count: number }).count
  const place = `${where}: ${json}, not ${JSON.stringify(wanted)}`
  if (held !== undefined && held.count === should) violations.add(ORDER, place)
  else violations.add('states that are wrong', place)
}

function compareTimers(
  where: string,
  json: string | undefined,
  wanted: readonly object[] = [],
  violations: Violations,
): void {
  const held = (json === undefined ? [] : JSON.parse(json)) as Record<string, unknown>[]
  const known = held.map(({ trace: _, ...timer }) => timer)
  if (!isDeepStrictEqual(known, wanted))
    violations.add(
      'timers that are wrong',
      `${where}: ${JSON.stringify(known)}, not ${JSON.stringify(wanted)}`,
    )
}
