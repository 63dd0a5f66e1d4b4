/** Compares a partition state in Redis with the reference. */
import { isDeepStrictEqual } from 'node:util'
import type { StateContents, StateKey } from './partition-states.ts'
import { LOST, ORDER, TWICE, type Violations } from './violations.ts'

/** The result of the reference for the same partition. */
interface Expected {
  /** The end offset of the partition. */
  readonly end: number
  readonly expected: {
    readonly tally: ReadonlyMap<string, number>
    readonly states: ReadonlyMap<string, object>
    readonly timers: ReadonlyMap<string, readonly object[]>
    /** Number of records of other producers: each has one outcome, but it is not known which. */
    readonly foreign?: number
  }
}

export function comparePartition(
  { consumer, partition }: StateKey,
  stored: StateContents,
  { end, expected: wanted }: Expected,
  violations: Violations,
): void {
  const where = `${consumer}/${partition}`
  const waiting = end - 1 - stored.appliedOffset
  if (waiting > 0)
    violations.add(
      LOST,
      `${where}: ${waiting} records after offset ${stored.appliedOffset} were never decided`,
      waiting,
    )
  if (stored.outbox > 0)
    violations.add('entries left in the outbox', `${where}: ${stored.outbox}`, stored.outbox)
  compareTally(where, stored.tally, wanted, violations)
  for (const [entity, state] of wanted.states)
    compareState(`${where} ${entity}`, stored.states.get(entity), state, violations)
  for (const entity of stored.states.keys())
    if (!wanted.states.has(entity)) violations.add('states that should be forgotten', `${where} ${entity}`)
  for (const entity of new Set([...stored.timers.keys(), ...wanted.timers.keys()]))
    compareTimers(`${where} ${entity}`, stored.timers.get(entity), wanted.timers.get(entity), violations)
}

/** The counters must match exactly, because they are committed with the applied offset: each record and timer counts once. */
function compareTally(
  where: string,
  stored: ReadonlyMap<string, number>,
  { tally: wanted, foreign = 0 }: Expected['expected'],
  violations: Violations,
): void {
  let others = 0
  for (const how of new Set([...stored.keys(), ...wanted.keys()])) {
    const [has, should] = [stored.get(how) ?? 0, wanted.get(how) ?? 0]
    const place = `${where}: ${has} ${how}, not ${should}`
    if (has === should) continue
    // Outcomes of other producers' records; their number is checked below.
    if (foreign > 0 && has > should && /^(ignored|failed)\//.test(how)) {
      others += has - should
      continue
    }
    if (how.startsWith('applied/')) violations.add(has > should ? TWICE : LOST, place, Math.abs(has - should))
    else violations.add('wrong outcome counters', place, Math.abs(has - should))
  }
  if (others !== foreign)
    violations.add(
      'foreign records without exactly one outcome',
      `${where}: ${others} outcomes of ${foreign} records`,
      Math.abs(others - foreign),
    )
}

function compareState(where: string, json: string | undefined, wanted: object, violations: Violations): void {
  const stored = json === undefined ? undefined : JSON.parse(json)
  if (isDeepStrictEqual(stored, wanted)) return
  const should = (wanted as { count: number }).count
  const place = `${where}: ${json}, not ${JSON.stringify(wanted)}`
  if (stored !== undefined && stored.count === should) violations.add(ORDER, place)
  else violations.add('wrong states', place)
}

function compareTimers(
  where: string,
  json: string | undefined,
  wanted: readonly object[] = [],
  violations: Violations,
): void {
  const stored = (json === undefined ? [] : JSON.parse(json)) as Record<string, unknown>[]
  const known = stored.map(({ trace: _, ...timer }) => timer)
  if (!isDeepStrictEqual(known, wanted))
    violations.add('wrong timers', `${where}: ${JSON.stringify(known)}, not ${JSON.stringify(wanted)}`)
}
