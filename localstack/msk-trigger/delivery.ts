import { type Backoff, delayAfter, isWorthALine } from './backoff.ts'
import type { Log } from './framework.ts'
import type { Lane, LaneRecord } from './lane.ts'
import type { PartitionOffset } from './member.ts'
import { judgeAnswer, type Outcome, type Part, wholeBatchAgain } from './outcome.ts'
import type { Slots } from './slots.ts'
import { pause } from './wait.ts'

export type Batch = readonly Part<LaneRecord>[]

/** What the delivery of a batch needs from the event source it belongs to. */
export interface DeliveryContext {
  readonly name: string
  readonly topic: string
  readonly reportsFailures: boolean
  readonly backoff: Backoff
  readonly slots: Slots
  readonly log: Log
  /** Aborted when the trigger ends. */
  readonly ending: AbortSignal
  invoke(batch: Batch): Promise<unknown>
  commit(offsets: readonly PartitionOffset[]): Promise<void>
  /** The partition is done with this batch, and may be in the next one. */
  release(partition: number): void
}

/**
 * Delivers one batch until all of it has succeeded: invoke, commit what succeeded, and after a backoff the rest
 * again, for ever (rules 21, 22). It holds its partitions until it is done with them (rule 19), and a slot only
 * while the handler runs, so a batch that waits does not keep others from running. The slot for the first attempt
 * is already taken.
 */
export async function deliver(
  batch: Batch,
  lanes: ReadonlyMap<number, Lane>,
  to: DeliveryContext,
): Promise<void> {
  let parts = batch
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOnce(parts, to)
    if (outcome.warning) to.log.warning(`${to.name}  ${outcome.warning}`)
    await commitSurely(outcome.commits, lanes, to)
    const waitMs = delayAfter(attempt, to.backoff)
    if (outcome.again.length > 0) tellFailure(outcome, attempt, waitMs, to)
    else if (attempt > 1) to.log.notice(`${to.name}  ${describe(parts)} went through at attempt ${attempt}`)

    parts = keep(parts, outcome.again, lanes, to)
    if (parts.length === 0) return
    await pause(waitMs, to.ending)
    if (to.ending.aborted) return
    // Partitions can be given away while their batch waits.
    parts = keep(parts, parts, lanes, to)
    if (parts.length === 0) return
    await to.slots.take()
  }
}

async function attemptOnce(parts: Batch, to: DeliveryContext): Promise<Outcome<LaneRecord>> {
  try {
    return judgeAnswer(to.topic, parts, await to.invoke(parts), to.reportsFailures)
  } catch (error) {
    return wholeBatchAgain(parts, explain(error))
  } finally {
    to.slots.give()
  }
}

/**
 * Commits, and tries until it succeeds or the partition is lost: were it put off to the next batch, a partition
 * without further records would be delivered again after a restart.
 */
export async function commitSurely(
  offsets: readonly PartitionOffset[],
  lanes: ReadonlyMap<number, Lane>,
  to: Pick<DeliveryContext, 'name' | 'log' | 'backoff' | 'ending' | 'commit'>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const held = offsets.filter(({ partition }) => lanes.get(partition)?.lost === false)
    if (held.length === 0) return
    try {
      return await to.commit(held)
    } catch (error) {
      if (to.ending.aborted) return
      if (isWorthALine(attempt)) {
        to.log.warning(
          `${to.name}  offsets not committed (attempt ${attempt}), trying again: ${explain(error)}`,
        )
      }
      await pause(delayAfter(attempt, to.backoff), to.ending)
    }
  }
}

/** Releases what is not delivered again, or no longer ours, and returns the rest. */
function keep(
  before: Batch,
  again: Batch,
  lanes: ReadonlyMap<number, Lane>,
  to: Pick<DeliveryContext, 'release'>,
): Batch {
  const kept = again.filter(({ partition }) => lanes.get(partition)?.lost === false)
  for (const { partition } of before) {
    if (!kept.some(part => part.partition === partition)) to.release(partition)
  }
  return kept
}

function tellFailure(
  outcome: Outcome<LaneRecord>,
  attempt: number,
  waitMs: number,
  to: DeliveryContext,
): void {
  if (to.ending.aborted || !isWorthALine(attempt)) return
  // The whole reason once; a batch that fails for hours repeats only its first line.
  const reason = attempt === 1 ? outcome.reason : outcome.reason?.split('\n')[0]
  const batch = describe(outcome.again)
  to.log.error(`${to.name}  ${batch} failed (attempt ${attempt}, again in ${waitMs} ms): ${reason}`)
}

/** `0@4 1@0–99`: partitions and their offsets. */
function describe(parts: Batch): string {
  const range = (first: number | undefined, last: number | undefined) =>
    first === last ? first : `${first}–${last}`
  return parts
    .map(({ partition, records }) => `${partition}@${range(records[0]?.offset, records.at(-1)?.offset)}`)
    .join(' ')
}

/** The message; with the stack of an exception that serverless-offline does not print itself. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `\n${error.cause.stack}` : ''
  return `${error.message || error.name}${cause}`
}
