/** Restores a lost partition state from its newest checkpoint, before the partition would read its log from the start. */

import type { StateKey } from '../model.ts'
import type { Observer } from '../ports.ts'
import {
  type CheckpointPages,
  type CheckpointPart,
  DamagedCheckpoint,
  EMPTY_META,
  type KeptCheckpoint,
  type Recovery,
} from './checkpoints.ts'

export type Restoration =
  /** There is no checkpoint: the partition is new and starts at the beginning of its log. */
  | 'none-kept'
  /** The state may have changed and must be loaded again. */
  | 'load-again'
  /** Another invocation is restoring the same state. */
  | 'overtaken'

/**
 * Restores an absent state from the newest undamaged checkpoint. If the state was created in the meantime, it is not changed. If
 * all checkpoints are damaged, the partition starts at the beginning of its log, with a higher epoch.
 *
 * @throws Unavailable if the checkpoints or the state store cannot be reached; the partition must then wait
 */
export async function restore(
  { checkpoints, states }: Recovery,
  partitionState: StateKey,
  observer: Observer,
): Promise<Restoration> {
  const all = await checkpoints.list(partitionState)
  if (all.length === 0) return 'none-kept'
  const replaceBy = (pages: CheckpointPages) => states.replace(partitionState, EMPTY_META.version, pages)
  for (const kept of all) {
    try {
      const outcome = await replaceBy(checkpoints.read(partitionState, kept))
      if (outcome === 'replaced')
        observer.restoredFromCheckpoint(partitionState, kept.version.appliedOffset, kept.takenAtMs)
      return outcome === 'overtaken' ? outcome : 'load-again'
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint)) throw error
      observer.checkpointDamaged(partitionState, kept.takenAtMs, error)
    }
  }
  return (await replaceBy(nothingAfter(all))) === 'overtaken' ? 'overtaken' : 'load-again'
}

/** Yields the pages of an empty state. Storing it ensures that the damaged checkpoints are not read again with each batch. */
async function* nothingAfter(all: readonly KeptCheckpoint[]): AsyncGenerator<CheckpointPart[]> {
  const epoch = Math.max(...all.map(({ version }) => version.epoch))
  yield [{ kind: 'meta', meta: { ...EMPTY_META, version: { ...EMPTY_META.version, epoch } } }]
}
