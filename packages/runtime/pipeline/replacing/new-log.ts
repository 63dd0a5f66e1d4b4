/**
 * Restarts a partition state when the log of another application was created again. The records of the new log have the same offsets
 * as those of the old one, so nothing of the state may be used for them. Delivered records may still be of the old log, because
 * pollers keep what they have fetched, so they are dropped and read again from the new log.
 */
import { CopyStopped, Unavailable } from '../errors.ts'
import type { PartitionRun } from '../invocation.ts'
import type { End } from '../model/chunk.ts'
import type { OffsetRange } from '../model/log.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { formatOrigin } from '../outbox/position.ts'
import { replaceState, type StatesPort } from './replaceable-states.ts'
import { EMPTY_META, type StatePart } from './state-parts.ts'

/**
 * Empties the state if it belongs to a log that no longer exists. Emissions of the old log that are not published yet are published
 * first.
 *
 * @param states gives access to the stored states
 * @returns undefined if the state belongs to the present log
 * @throws Unavailable if the store or Kafka cannot be reached
 */
export async function restartForNewLog(
  run: PartitionRun,
  states: StatesPort['states'],
  snapshot: Snapshot,
): Promise<End | undefined> {
  const { ports, stateKey, log } = run
  const { origin, outbox, version } = snapshot
  if (log === undefined || !origin || origin === formatOrigin(stateKey, log)) return undefined
  if (outbox.length > 0) return { kind: 'leftover', outbox }
  if (!states) throw new Unavailable('store-unavailable', 'the store cannot replace states')
  const unread = await findUnread(run)
  try {
    await replaceState(await states(), stateKey, yieldEmptyState(), version)
    ports.observer.reportNewLog(stateKey, version.appliedOffset)
  } catch (error) {
    // Another invocation has replaced the state already.
    if (!(error instanceof CopyStopped)) throw error
  }
  run.unread = unread
  run.pending.dropTo(Number.POSITIVE_INFINITY)
  return { kind: 'new-log' }
}

/** Returns the range of the new log up to the last delivered offset, or up to its end if it is shorter; undefined if it is empty. */
async function findUnread({
  ports,
  stateKey,
  pending,
  unread,
}: PartitionRun): Promise<OffsetRange | undefined> {
  const { topic, partition } = stateKey
  const lastOffset = Math.max(pending.all.at(-1)?.offset ?? -1, unread?.toOffset ?? -1)
  const end = (await ports.bounds?.bounds(topic))?.[partition]?.end ?? lastOffset + 1
  const toOffset = Math.min(lastOffset, end - 1)
  return toOffset < 0 ? undefined : { fromOffset: 0, toOffset }
}

async function* yieldEmptyState(): AsyncGenerator<StatePart[]> {
  yield [{ kind: 'meta', meta: EMPTY_META }]
}
