/**
 * Finds a short schedule that still differs: leaves out faults, then records, as long as a difference remains. Fewer records give
 * other batches, so a few records are also played under other seeds.
 */
import type { Chance } from './chance.ts'

interface Differing {
  readonly simulation: { readonly chance: Chance }
  readonly differences: readonly unknown[]
}

/** Plays records under a seed with these faults alone; by default, with all. */
type Play<Played, Record> = (
  records: readonly Record[],
  seed: number,
  allowed?: ReadonlySet<string>,
) => Promise<Played>

/** A schedule with its records. */
type Schedule<Played, Record> = Played & { readonly records: readonly Record[]; readonly playedSeed: number }

/** Number of schedules that are played to shorten one. */
const MOST_PLAYS = 100
/** Numbers of records that are played under other seeds, the number of seeds, and of schedules that are shortened. */
const FEW_RECORDS = [3, 5]
const OTHER_SEEDS = 40
const CANDIDATES = 3

/** Returns the shortest schedule that was found. @param given schedule that differs */
export async function shrink<Played extends Differing, Record>(
  given: Schedule<Played, Record>,
  play: Play<Played, Record>,
): Promise<Schedule<Played, Record>> {
  const few = await playFew(given, play)
  const first = await shorten(few[0] ?? given, play)
  const others: Schedule<Played, Record>[] = []
  for (const schedule of few.length > 0 ? few.slice(1) : await playFew(first, play))
    others.push(await shorten(schedule, play))
  const measure = ({ records, simulation }: Schedule<Played, Record>) =>
    records.length + simulation.chance.struck.length
  return others.reduce((shortest, other) => (measure(other) < measure(shortest) ? other : shortest), first)
}

/** Leaves out faults and records of a schedule. */
async function shorten<Played extends Differing, Record>(
  given: Schedule<Played, Record>,
  play: Play<Played, Record>,
): Promise<Schedule<Played, Record>> {
  let [shortest, plays] = [given, 0]
  const { playedSeed } = given
  const tryWith = async (records: readonly Record[], faults: readonly string[]): Promise<boolean> => {
    if (plays >= MOST_PLAYS) return false
    plays += 1
    const shorter = await play(records, playedSeed, new Set(faults))
    if (shorter.differences.length === 0) return false
    shortest = { ...shorter, records, playedSeed }
    return true
  }
  const listFaults = () => shortest.simulation.chance.struck.map(({ name }) => name)
  const leaveOutFaults = () => leaveOut(listFaults, faults => tryWith(shortest.records, faults))
  await leaveOutFaults()
  await leaveOut(
    () => shortest.records,
    some => tryWith(some, listFaults()),
  )
  await leaveOutFaults()
  return shortest
}

/** Returns schedules of fewer records that differ under other seeds. */
async function playFew<Played extends Differing, Record>(
  { records, playedSeed: firstSeed }: Schedule<Played, Record>,
  play: Play<Played, Record>,
): Promise<readonly Schedule<Played, Record>[]> {
  const found: Schedule<Played, Record>[] = []
  for (const count of FEW_RECORDS.filter(few => few < records.length))
    for (let playedSeed = firstSeed; playedSeed < firstSeed + OTHER_SEEDS; playedSeed += 1) {
      const from = playedSeed % (records.length - count + 1)
      const few = records.slice(from, from + count)
      const played = await play(few, playedSeed)
      if (played.differences.length > 0) found.push({ ...played, records: few, playedSeed })
      if (found.length >= CANDIDATES) return found
    }
  return found
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
