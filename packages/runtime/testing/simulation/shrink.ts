/** Finds a short schedule that still differs: leaves out faults, then records, as long as a difference remains. */
import type { Chance } from './chance.ts'

interface Differing {
  readonly simulation: { readonly chance: Chance }
  readonly differences: readonly unknown[]
}

/** Number of schedules that are played to find a shorter one. */
const MOST_PLAYS = 400

/**
 * Returns the shortest schedule that was found, with its records.
 *
 * @param played schedule that differs
 * @param play plays the records of the seed again, with these faults alone
 */
export async function shrink<Played extends Differing, Record>(
  played: Played,
  records: readonly Record[],
  play: (records: readonly Record[], allowed: ReadonlySet<string>) => Promise<Played>,
): Promise<Played & { readonly records: readonly Record[] }> {
  let [shortest, shortRecords, plays] = [played, records, 0]
  const tryWith = async (some: readonly Record[], faults: readonly string[]): Promise<boolean> => {
    if (plays >= MOST_PLAYS) return false
    plays += 1
    const shorter = await play(some, new Set(faults))
    if (shorter.differences.length === 0) return false
    ;[shortest, shortRecords] = [shorter, some]
    return true
  }
  const listFaults = () => shortest.simulation.chance.struck.map(({ name }) => name)
  await leaveOut(listFaults, faults => tryWith(shortRecords, faults))
  await leaveOut(
    () => shortRecords,
    some => tryWith(some, listFaults()),
  )
  await leaveOut(listFaults, faults => tryWith(shortRecords, faults))
  return { ...shortest, records: shortRecords }
}

/** Leaves out parts of a list, first large ones, then single elements, while `isEnough` accepts the rest. */
async function leaveOut<T>(
  getList: () => readonly T[],
  isEnough: (rest: readonly T[]) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(getList().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < getList().length; ) {
      const list = getList()
      const isLeftOut = await isEnough([...list.slice(0, from), ...list.slice(from + size)])
      if (!isLeftOut) from += size
    }
  }
}
