/**
 * Follows a log of another application, which can be deleted and created again at any time. The records of the new log have the same
 * offsets as those of the old one, so nothing of the state may be used for them. A delivered record does not show which log it is
 * from, because pollers keep what they have fetched. Until a whole batch was equal to the log, delivered records only show how far
 * to read, and the records are taken from the log itself.
 */
import { Unavailable } from '../errors.ts'
import type { PartitionRun } from '../invocation.ts'
import type { End } from '../model/chunk.ts'
import { formatLog } from '../model/log.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { formatOrigin } from '../outbox/position.ts'
import type { StatesPort } from './replaceable-states.ts'

/**
 * Empties the state if it belongs to a log that no longer exists. Emissions of the old log that are not published yet are published
 * first. Drops delivered records that cannot be compared with the log: those that were decided, and those after its end.
 *
 * @param states gives access to the stored states
 * @returns undefined if the pending records can be decided, or read from the log
 * @throws Unavailable if the store or Kafka cannot be reached, or if the log was created again since the invocation began
 */
export async function followLog(
  run: PartitionRun,
  states: StatesPort['states'],
  { origin, outbox, version }: Snapshot,
): Promise<End | undefined> {
  const { ports, stateKey, pending, log } = run
  if (log === undefined) return undefined
  if (origin !== undefined && origin !== formatOrigin(stateKey, log)) {
    if (outbox.length > 0) return { kind: 'leftover', outbox }
    await restart(run, states, version)
    return { kind: 'overtaken' }
  }
  if (!pending.isCompared) return undefined
  const { appliedOffset } = version
  const rest: End = { kind: 'set-by', toOffset: appliedOffset, outbox }
  const decided = pending.all.filter(({ offset }) => offset <= appliedOffset).length
  if (decided > 0) {
    ports.report({ kind: 'redelivered', stateKey, records: decided })
    return rest
  }
  const unread = pending.holeAfter(appliedOffset)
  const end = unread && (await findEnd(run))
  if (unread === undefined || end === undefined || unread.toOffset < end) return undefined
  if (unread.fromOffset < end)
    return { kind: 'missing', range: { ...unread, toOffset: end - 1 }, appliedOffset, isRoutine: true }
  pending.dropFrom(end)
  return rest
}

async function restart(
  run: PartitionRun,
  states: StatesPort['states'],
  version: Snapshot['version'],
): Promise<void> {
  const { ports, stateKey } = run
  if (!states) throw new Unavailable('store-unavailable', 'the store cannot replace states')
  // The state may belong to a still newer log.
  await ensurePresentLog(run)
  // Otherwise another invocation has replaced the state already.
  if (await (await states()).empty(stateKey, version))
    ports.report({ kind: 'log-created-again', stateKey, appliedOffset: version.appliedOffset })
}

/** Checks what was read: it belongs to another log if that was created again since the invocation began. @throws Unavailable */
export async function ensurePresentLog({ ports, stateKey, log }: PartitionRun): Promise<void> {
  if (log === undefined) return
  const present = await ports.log.identity(stateKey.topic)
  if (present === undefined || formatLog(present) !== formatLog(log))
    throw new Unavailable('broker-unavailable', `${stateKey.topic} was created again`)
}

/** Returns the offset after the last record of the log; undefined if the ports do not know it. */
async function findEnd({ ports, stateKey }: PartitionRun): Promise<number | undefined> {
  const bounds = await ports.bounds?.bounds(stateKey.topic)
  return bounds && (bounds[stateKey.partition]?.end ?? 0)
}
