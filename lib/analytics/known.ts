/**
 * What a partition knows of the families' metrics and states, as the context of its steps: the names that families do not declare, and
 * what the declared ones have meant. It is stored once a partition, and not with each entity. Pure.
 */
import type { PartitionContext } from '#runtime/consumer'
import type { Family } from '../telemetry/families.ts'

/** Day of the newest reading by name, in days since the epoch, for each family. Names that a family declares are not included. */
export type KnownNames = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Unit of each metric and values of each state by family, as the newest reading found them, and how often they have changed. */
type Meanings = Readonly<
  Record<string, Readonly<Record<string, readonly [meaning: string, changes: number]>>>
>

export interface Known {
  readonly names: KnownNames
  readonly meanings: Meanings
}

/** Member of the stored form with the meanings. No family has such a name. */
const MEANINGS = '/meanings'

export const KNOWN: PartitionContext<Known> = {
  initial: { names: new Map(), meanings: {} },
  read(data) {
    const { [MEANINGS]: meanings = {}, ...names } = (data ?? {}) as { [MEANINGS]?: Meanings }
    const days = Object.entries(names as Readonly<Record<string, Readonly<Record<string, number>>>>)
    return { names: new Map(days.map(([family, own]) => [family, new Map(Object.entries(own))])), meanings }
  },
}

/** Returns the knowledge of a partition in its stored form. */
export function toStoredKnown({ names, meanings }: Known): unknown {
  const days = [...names].map(([family, own]) => [family, Object.fromEntries(own)] as const)
  return { ...Object.fromEntries(days), ...(Object.keys(meanings).length > 0 && { [MEANINGS]: meanings }) }
}

/** How often the meaning of names has changed; names whose meaning never has are absent. */
export type Changes = ReadonlyMap<string, number>

type OwnMeanings = Meanings[string]

const NOTHING: OwnMeanings = {}
/** Changes that were found for the meanings of a family. Meanings change rarely, and a partition compares them with each reading. */
const FOUND = new WeakMap<OwnMeanings, { readonly family: Family } & OwnChanges>()

interface OwnChanges {
  readonly changes: Changes
  /** All meanings of the family, if one is new. */
  readonly after?: OwnMeanings
}

/** Returns how often the meaning of each name of a family has changed, and all meanings if one is new. */
export function findChanges(
  { meanings }: Known,
  family: Family,
): { readonly changes: Changes; readonly meanings?: Meanings } {
  const before = meanings[family.name] ?? NOTHING
  let found = FOUND.get(before)
  if (found?.family !== family) {
    found = { family, ...compareMeanings(before, family) }
    FOUND.set(before, found)
  }
  const { changes, after } = found
  return after ? { changes, meanings: { ...meanings, [family.name]: after } } : { changes }
}

function compareMeanings(before: OwnMeanings, family: Family): OwnChanges {
  const changes = new Map<string, number>()
  let after: Record<string, readonly [string, number]> | undefined
  for (const name of [...Object.keys(family.metrics), ...Object.keys(family.states)]) {
    const meaning = describeMeaning(family, name) as string
    const known = Object.hasOwn(before, name) ? before[name] : undefined
    const count = (known?.[1] ?? 0) + (known && known[0] !== meaning ? 1 : 0)
    if (count > 0) changes.set(name, count)
    if (known?.[0] !== meaning) {
      after ??= { ...before }
      after[name] = [meaning, count]
    }
  }
  return after ? { changes, after } : { changes }
}

/** Returns the unit of a metric, or the values of a state; undefined for a name that the family does not declare. */
export function describeMeaning({ metrics, states }: Family, name: string): string | undefined {
  const values = states[name]
  return values === undefined ? metrics[name] : values === null ? 'any' : values.toSorted().join(', ')
}
