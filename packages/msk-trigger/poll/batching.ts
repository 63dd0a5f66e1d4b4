export interface BatchableRecord {
  readonly offset: number
  /** Size of the record in the JSON event, in bytes: at most the space of an event; 0 for a record that is never sent. */
  readonly eventBytes: number
  readonly arrivedAtMs: number
}

/**
 * Pending records of one partition in the order of their offsets. A partition with records in flight is not included in a batch.
 * See rule 19 in `RULES.md`.
 */
export interface BatchableQueue {
  readonly partition: number
  readonly pending: readonly BatchableRecord[]
  /** Size of the partition in the JSON event without its records, in bytes. */
  readonly eventBytes: number
}

export interface BatchLimits {
  readonly batchSize: number
  readonly windowMs: number
  /** Least time for which records wait while an invocation is under way, in milliseconds. */
  readonly lingerMs: number
  readonly payloadBytes: number
  /** Size of an event without records, in bytes. */
  readonly envelopeBytes: number
}

/** Number of records to take from the front of a partition's queue. */
export interface Take {
  readonly partition: number
  readonly count: number
}

export type BatchDecision =
  | {
      readonly do: 'invoke'
      readonly takes: readonly Take[]
      readonly because: 'size' | 'payload' | 'window'
    }
  | { readonly do: 'wait'; readonly untilMs: number }
  | { readonly do: 'nothing' }

/**
 * Selects the records of the next batch. A batch is sent when the batch size or the payload limit is reached, or when the window of
 * its first record is over (rules 1, 4 and 5 in `RULES.md`). The batch begins with the partition that has waited longest. The order
 * within each partition is kept (rule 7).
 *
 * @param isBusy true if an invocation of the event source is under way
 */
export function nextBatch(
  queues: readonly BatchableQueue[],
  limits: BatchLimits,
  nowMs: number,
  isBusy = false,
): BatchDecision {
  const filled = queues
    .flatMap(queue => (queue.pending[0] ? [{ queue, first: queue.pending[0] }] : []))
    .sort((a, b) => a.first.arrivedAtMs - b.first.arrivedAtMs || a.queue.partition - b.queue.partition)
  const oldest = filled[0]
  if (!oldest) return { do: 'nothing' }

  const { takes, full } = fill(
    filled.map(({ queue }) => queue),
    limits,
  )
  if (full) return { do: 'invoke', takes, because: full }
  const waitMs = Math.max(limits.windowMs, isBusy ? limits.lingerMs : 0)
  const untilMs = oldest.first.arrivedAtMs + waitMs
  return nowMs >= untilMs ? { do: 'invoke', takes, because: 'window' } : { do: 'wait', untilMs }
}

function fill(
  queues: readonly BatchableQueue[],
  limits: BatchLimits,
): { takes: Take[]; full?: 'size' | 'payload' } {
  const takes: Take[] = []
  let room = limits.batchSize
  let bytes = limits.payloadBytes - limits.envelopeBytes
  for (const { partition, pending, eventBytes } of queues) {
    let left = bytes - eventBytes
    let count = 0
    while (count < room && count < pending.length) {
      const record = pending[count] as BatchableRecord
      if (record.eventBytes > left) break
      left -= record.eventBytes
      count += 1
    }
    if (count > 0) {
      takes.push({ partition, count })
      room -= count
      bytes = left
    }
    if (room === 0) return { takes, full: 'size' }
    if (count < pending.length) return { takes, full: 'payload' }
  }
  return { takes }
}
