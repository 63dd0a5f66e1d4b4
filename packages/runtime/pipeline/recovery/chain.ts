/** Chains of checkpoints: those that contain only changes, and the earlier ones that they are based on. Pure. */
import { type CheckpointPages, DamagedCheckpoint, type KeptCheckpoint } from './checkpoints.ts'

/** Returns the checkpoints that a state is read from, beginning with a complete one; undefined if one is missing. */
export function chainOf(
  kept: KeptCheckpoint,
  all: readonly KeptCheckpoint[],
): readonly KeptCheckpoint[] | undefined {
  const { after } = kept
  if (after === undefined) return [kept]
  // Changes never span two epochs. If two runs have taken a checkpoint at the same time, the intended one is unknown.
  const [before, ...others] = all.filter(({ takenAtMs }) => takenAtMs === after)
  if (!before || others.length > 0 || after >= kept.takenAtMs || before.version.epoch !== kept.version.epoch)
    return undefined
  const chain = chainOf(before, all)
  return chain && [...chain, kept]
}

/**
 * Reads the pages of all checkpoints in the chain.
 *
 * @throws DamagedCheckpoint if a checkpoint of the chain is missing or damaged
 */
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
 * Returns the checkpoints that can be deleted: all that are neither among the newest nor needed by these, and older than the last
 * complete one before the newest complete one. Therefore, if any single object is lost, an earlier state can still be restored.
 *
 * @param all all checkpoints, newest first
 * @param count number of newest checkpoints to keep
 */
export function dispensable(all: readonly KeptCheckpoint[], count: number): readonly KeptCheckpoint[] {
  const whole = all.filter(({ after }) => after === undefined)
  const needed = all.slice(0, count).map(kept => chainOf(kept, all)?.[0] ?? kept)
  const spare = whole[1] ?? whole[0]
  const fromMs = Math.min(...[...needed, ...(spare ? [spare] : [])].map(({ takenAtMs }) => takenAtMs))
  return all.filter(({ takenAtMs }) => takenAtMs < fromMs)
}

/**
 * Returns the checkpoint on which the next one is based; undefined if the next one must be complete. The length of chains differs
 * between partitions, so that a run does not write complete checkpoints for all of them.
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

/** Minimum number of checkpoints in a chain before a complete one is taken again. */
const SHORTEST = 5
