import type { PartitionOffset } from '../poll/member.ts'
import type { PartitionQueue, PendingRecord } from '../poll/partition-queue.ts'
import { describe, type PartitionRecords } from '../support/partition-records.ts'
import { BatchProgress } from './batch-progress.ts'
import { type Batch, type DeliveryContext, deliver } from './deliver-batch.ts'

type Queues = ReadonlyMap<number, PartitionQueue>

/** Deliveries in flight, and deliveries that a stop has interrupted. */
export class OpenDeliveries {
  readonly #open = new Map<
    BatchProgress<PendingRecord>,
    { readonly queues: Queues; readonly over: Promise<void> }
  >()

  begin(batch: Batch, queues: Queues, to: DeliveryContext): void {
    const progress = new BatchProgress(batch)
    const over = deliver(batch, queues, to, progress).then(() => {
      if (!to.ending.aborted) this.#open.delete(progress)
    })
    this.#open.set(progress, { queues, over })
  }

  async waitForAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ over }) => over))
  }

  /**
   * Records that were sent to the function but not committed. Records of revoked partitions are excluded,
   * because they belong to another member.
   */
  get uncommittedRecords(): readonly PartitionRecords[] {
    return [...this.#open].flatMap(([progress, { queues }]) =>
      progress.uncommittedRecords.filter(({ partition }) => queues.get(partition)?.revoked === false),
    )
  }
}

/** Returns the log line for a stop during running invocations; empty if no records are being processed. */
export function describeWait(parts: readonly PartitionRecords[], graceMs: number): string[] {
  return parts.length === 0 ? [] : [`stopping when ${describe(parts)} is done, or after ${graceMs / 1000} s`]
}

/**
 * Returns log lines about records that will be delivered again after a restart: records that are still in process, and records that
 * are `done` but not committed.
 */
export function describeAbandoned(
  begun: readonly PartitionRecords[],
  done: readonly PartitionOffset[],
): string[] {
  const open =
    begun.length === 0 ? [] : [`abandoned ${describe(begun)}: not committed, so it will be delivered again`]
  const lost = done.map(
    ({ partition, offset }) =>
      `${partition}@${offset - 1} and records before it are done, but could not be committed: they will be delivered again`,
  )
  return [...open, ...lost]
}
