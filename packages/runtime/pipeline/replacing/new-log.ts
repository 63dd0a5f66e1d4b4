/**
 * Restarts a partition state when the log of another application was created again. The records of the new log have the same offsets
 * as those of the old one, so nothing of the state may be used for them.
 */
import { CopyStopped, Unavailable } from '../errors.ts'
import type { PartitionRun } from '../invocation.ts'
import type { End } from '../model/chunk.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { formatOrigin } from '../outbox/position.ts'
import type { FormerStatesPort } from './former-states.ts'
import { replaceState } from './replaceable-states.ts'
import { EMPTY_META, type StatePart } from './state-parts.ts'

/**
 * Empties the state if it belongs to a log that no longer exists. Emissions of the old log that are not published yet are published
 * first.
 *
 * @param formerStates gives access to the stored states
 * @returns undefined if the state belongs to the present log
 * @throws Unavailable if the store or Kafka cannot be reached
 */
export async function restartForNewLog(
  run: PartitionRun,
  formerStates: FormerStatesPort['formerStates'],
  snapshot: Snapshot,
): Promise<End | undefined> {
  const { ports, stateKey, log } = run
  const { origin, outbox, version } = snapshot
  if (log === undefined || !origin || origin === formatOrigin(stateKey, log)) return undefined
  if (outbox.length > 0) return { kind: 'leftover', outbox }
  if (!formerStates) throw new Unavailable('store-unavailable', 'the store cannot replace states')
  try {
    await replaceState(await formerStates(), stateKey, yieldEmptyState(), version)
    run.isNewLog = true
    ports.observer.reportNewLog(stateKey, version.appliedOffset)
  } catch (error) {
    // Another invocation has replaced the state already.
    if (!(error instanceof CopyStopped)) throw error
  }
  return { kind: 'overtaken' }
}

async function* yieldEmptyState(): AsyncGenerator<StatePart[]> {
  yield [{ kind: 'meta', meta: EMPTY_META }]
}
