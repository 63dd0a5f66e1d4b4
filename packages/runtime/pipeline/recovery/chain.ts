/** Chains of checkpoints: a complete checkpoint, followed by checkpoints that contain only changes. Pure. */
import { type CheckpointPages, DamagedCheckpoint, type KeptCheckpoint } from './checkpoints.ts'

/** Returns the chain of checkpoints from which a state is read, starting with a complete one; undefined if one is missing. */
export function chainOf(
  kept: KeptCheckpoint,
  all: readonly KeptCheckpoint[],
): readonly KeptCheckpoint[] | undefined {
  const { after } = kept
  if (after === undefined) return [kept]
  // A checkpoint with changes is based on one of the same epoch. If two runs have taken a checkpoint at the same time, it is
  // unknown which one is meant.
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
 * Returns the checkpoints that can be deleted. The newest `count` checkpoints are kept, with all checkpoints that they are based
 * on. The last two complete checkpoints and all later ones are kept too. Therefore, even if a single object is lost, an earlier
 * state can be restored.
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
 * Returns the checkpoint on which the next one is based; undefined if the next one must be complete. The length of a chain depends
 * on the partition, so that a run does not write complete checkpoints for all partitions at once.
 *
 * @param since `takenAtMs` of the checkpoint since which all changes are known
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

/** Minimum length of a chain before the next checkpoint is complete again. */
const SHORTEST = 5
