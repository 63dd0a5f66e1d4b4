/** Held entities in a partition state: which failure each waits for, and what it has parked. */
import { isDeepStrictEqual } from 'node:util'
import { type Violations, WRONG_HOLDS } from './violations.ts'

export interface HeldEntity {
  /** Id of the failure; absent once the entity is released and its parked events follow. */
  readonly waitsFor?: string
  /** The offsets of its parked records, in their first order. */
  readonly parked: readonly number[]
}

const HELD = 'held '
/** Begins the name under which a state says which entity a failure holds. */
const HOLDER = ' held '

/** The offset of an entity's first record, in front of its state. */
const SINCE = /^@[0-9a-z]+ /

/** Takes the holds and offsets out of the states as they are stored. */
export function withoutHolds(stored: ReadonlyMap<string, string>) {
  const [states, holds, holders] = [
    new Map<string, string>(),
    new Map<string, HeldEntity>(),
    new Map<string, string>(),
  ]
  for (const [entity, text] of stored) {
    if (entity.startsWith(HOLDER)) holders.set(entity.slice(HOLDER.length), JSON.parse(text))
    else if (text.startsWith(HELD)) {
      const end = text.indexOf('\n')
      const { waitsFor, parked } = JSON.parse(text.slice(HELD.length, end))
      const offsets = parked.map(({ offset }: { offset: number }) => offset)
      holds.set(entity, { ...(waitsFor ? { waitsFor: waitsFor.failure } : {}), parked: offsets })
      if (end + 1 < text.length) states.set(entity, text.slice(end + 1).replace(SINCE, ''))
    } else states.set(entity, text.replace(SINCE, ''))
  }
  return { states, holds, holders }
}

/** Compares the held entities with the reference, and finds each by the failure that it waits for. */
export function compareHolds(
  where: string,
  {
    holds,
    holders,
  }: { readonly holds: ReadonlyMap<string, HeldEntity>; readonly holders: ReadonlyMap<string, string> },
  wanted: ReadonlyMap<string, HeldEntity>,
  violations: Violations,
): void {
  for (const entity of new Set([...holds.keys(), ...wanted.keys()])) {
    const [has, should] = [holds.get(entity), wanted.get(entity)]
    if (!isDeepStrictEqual(has, should))
      violations.add(WRONG_HOLDS, `${where} ${entity}: ${JSON.stringify(has)}, not ${JSON.stringify(should)}`)
  }
  const waiting = [...holds].flatMap(([entity, { waitsFor }]) => (waitsFor ? [[waitsFor, entity]] : []))
  if (!isDeepStrictEqual(new Map(waiting as [string, string][]), holders))
    violations.add(WRONG_HOLDS, `${where}: ${JSON.stringify([...holders])} hold ${JSON.stringify(waiting)}`)
}

/** Each parked record must end once: applied, failed or ignored, unless it is still parked. */
export function compareParked(
  where: string,
  tally: ReadonlyMap<string, number>,
  holds: ReadonlyMap<string, HeldEntity>,
  violations: Violations,
): void {
  const sum = (begin: string) =>
    [...tally].reduce((all, [how, count]) => (how.startsWith(begin) ? all + count : all), 0)
  const still = [...holds.values()].reduce((all, { parked }) => all + parked.length, 0)
  const [parked, ended] = [sum('parked/'), sum('parked-')]
  if (parked !== ended + still)
    violations.add(
      'parked records without exactly one end',
      `${where}: ${parked} parked, ${ended} of them ended, ${still} still parked`,
      Math.abs(parked - ended - still),
    )
}
