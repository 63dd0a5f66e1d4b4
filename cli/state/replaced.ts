import {
  type Checkpoint,
  type Replaced,
  RestoreRefused,
  type SlotCheckpoints,
} from '../../lib/adapters/redis/checkpoint.ts'
import type { Slot } from '../../lib/pipeline/ports.ts'
import { CliFailure } from '../failure.ts'
import { nameOf } from './slots.ts'

const REASONS = {
  overtaken: 'somebody else began to replace it meanwhile; look at it with `sluice state show` first',
  incomplete: 'Redis has lost a part of the new contents meanwhile; try again',
} as const

/** @throws CliFailure where the slot was left as it is */
export async function replaced(checkpoints: SlotCheckpoints, slot: Slot, by: Checkpoint): Promise<Replaced> {
  try {
    return await checkpoints.put(slot, by)
  } catch (error) {
    if (!(error instanceof RestoreRefused)) throw error
    throw new CliFailure(`${nameOf(slot)} is what it was: ${REASONS[error.why]}.`)
  }
}
