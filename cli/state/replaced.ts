import { nameOf } from '../../lib/operations/state-keys.ts'
import type { Checkpoint, StateCheckpoints } from '../../packages/runtime/adapters/redis/checkpoint.ts'
import { CopyStopped } from '../../packages/runtime/pipeline/errors.ts'
import type { Replaced } from '../../packages/runtime/pipeline/generations/generations.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { CliFailure } from '../failure.ts'

const REASONS = {
  overtaken:
    'another import or reprocessing was started meanwhile; check the state with `sluice state show` first',
  growing: 'its topic is growing; `sluice topics grow` finishes or reverts it',
  moved: 'it changed meanwhile; try again',
  incomplete: 'Redis lost a part of the new contents meanwhile; try again',
} as const

/**
 * Replaces a partition state, and converts errors to messages for users.
 *
 * @throws CliFailure if the state was not replaced
 */
export async function replaced(
  checkpoints: StateCheckpoints,
  stateKey: StateKey,
  by: Checkpoint,
): Promise<Replaced> {
  try {
    return await checkpoints.put(stateKey, by)
  } catch (error) {
    if (!(error instanceof CopyStopped)) throw error
    throw new CliFailure(
      `${nameOf(stateKey)} was not replaced: ${REASONS[error.why as keyof typeof REASONS] ?? error.message}.`,
    )
  }
}
