/** Checkpoints that hold only changes, and the ones before them that they need. Pure. */
import { type CheckpointPages, DamagedCheckpoint, type KeptCheckpoint } from './checkpoints.ts'

/** The checkpoints that a state is read from, the whole one first; undefined if one of them is missing. */
export function chainOf(
  kept: KeptCheckpoint,
  all: readonly KeptCheckpoint[],
): readonly KeptCheckpoint[] | undefined {
  const { after } = kept
  if (after === undefined) return [kept]
  // Changes do not reach into another epoch. Two runs may have taken one at the same time: then it is not known which is meant.
  const [before, ...others] = all.filter(({ takenAtMs }) => takenAtMs === after)
  if (!before || others.length > 0 || after >= kept.takenAtMs || before.version.epoch !== kept.version.epoch)
    return undefined
  const chain = chainOf(before, all)
  return chain && [...chain, kept]
}

/** @throws DamagedCheckpoint if one that is needed is missing, or is damaged itself */
export async function* chainPages(
  kept: KeptCheckpoint,
  all: readonly KeptCheckpoint[],
  read: (one: KeptCheckpoint) => CheckpointPages,
): CheckpointPages {
  const chain = chainOf(kept, all)
  if (!chain) throw new DamagedCheckpoint('a checkpoint that it follows is missing')
  for (const one of chain) yield* read(one)
}

/**
 * The checkpoints that may go: all before the newest ones and what those need, and before the whole one before the newest whole one. So
 * if any one object is lost, there is an earlier state without it.
 *
 * @param all newest first
 * @param count number of newest ones that are kept
 */
export function dispensable(all: readonly KeptCheckpoint[], count: number): readonly KeptCheckpoint[] {
  const whole = all.filter(({ after }) => after === undefined)
  const needed = all.slice(0, count).map(kept => chainOf(kept, all)?.[0] ?? kept)
  const spare = whole[1] ?? whole[0]
  const fromMs = Math.min(...[...needed, ...(spare ? [spare] : [])].map(({ takenAtMs }) => takenAtMs))
  return all.filter(({ takenAtMs }) => takenAtMs < fromMs)
}

/**
 * Returns the checkpoint whose changes are to be taken next; undefined if it is time for a whole one. Chains end at another length in
 * each partition, so that a run does not take all of them as a whole.
 *
 * @param since `takenAtMs` of the checkpoint since which the changes are known
 */
export function nextAfter(
  since: number | undefined,
  { epoch, partition }: { readonly epoch: number; readonly partition: number },
  all: readonly KeptCheckpoint[],
): KeptCheckpoint | undefined {
  const [before, ...others] = all.filter(({ takenAtMs }) => takenAtMs === since)
  if (!before || others.length > 0 || before.version.epoch !== epoch) return undefined
  const chain = chainOf(before, all)
  return chain && chain.length < SHORTEST + (partition % SHORTEST) ? before : undefined
}

/** How many checkpoints at least are read from one whole state. */
const SHORTEST = 5
