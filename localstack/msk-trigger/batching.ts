/** A record that waits for a batch. */
export interface Waiting {
  readonly offset: number
  /** What it takes in the JSON event: no more than an event has room for, and 0 for what is never sent. */
  readonly eventBytes: number
  readonly arrivedAtMs: number
}

/** The records of one partition that wait, in offset order. Only partitions with nothing in flight. Rule 19. */
export interface Queue {
  readonly partition: number
  readonly waiting: readonly Waiting[]
  /** What the partition itself takes in the JSON event. */
  readonly eventBytes: number
}

export interface BatchLimits {
  readonly batchSize: number
  readonly windowMs: number
  readonly payloadBytes: number
  /** What an event without records takes. */
  readonly envelopeBytes: number
}

/** The first so many records of a partition's queue. */
export interface Take {
  readonly partition: number
  readonly count: number
}

export type Next =
  | {
      readonly do: 'invoke'
      readonly takes: readonly Take[]
      readonly because: 'size' | 'payload' | 'window'
    }
  | { readonly do: 'wait'; readonly untilMs: number }
  | { readonly do: 'nothing' }

/**
 * Which records form the next batch. It goes out when the first of three is true: the batch size is reached, the
 * payload is reached, or the window ended that began when its first record arrived (rules 1, 4; a window of 0 never
 * waits, rule 5). It takes from the partition that has waited longest, then from the next: one batch may mix
 * partitions, and within each the order is kept (rule 7).
 */
export function nextBatch(queues: readonly Queue[], limits: BatchLimits, nowMs: number): Next {
  const filled = queues
    .flatMap(queue => (queue.waiting[0] ? [{ queue, first: queue.waiting[0] }] : []))
    .sort((a, b) => a.first.arrivedAtMs - b.first.arrivedAtMs || a.queue.partition - b.queue.partition)
  const oldest = filled[0]
  if (!oldest) return { do: 'nothing' }

  const { takes, full } = fill(
    filled.map(({ queue }) => queue),
    limits,
  )
  if (full) return { do: 'invoke', takes, because: full }
  const untilMs = oldest.first.arrivedAtMs + limits.windowMs
  return nowMs >= untilMs ? { do: 'invoke', takes, because: 'window' } : { do: 'wait', untilMs }
}

function fill(queues: readonly Queue[], limits: BatchLimits): { takes: Take[]; full?: 'size' | 'payload' } {
  const takes: Take[] = []
  let room = limits.batchSize
  let bytes = limits.payloadBytes - limits.envelopeBytes
  for (const { partition, waiting, eventBytes } of queues) {
    let left = bytes - eventBytes
    let count = 0
    while (count < room && count < waiting.length) {
      const record = waiting[count] as Waiting
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
    if (count < waiting.length) return { takes, full: 'payload' }
  }
  return { takes }
}
