/** Shows in advance what redriving or dropping dead letters would do. */
import { deadLetterRow } from '../../failures/dead-letter-row.ts'
import type { FoundDeadLetter, HandledAction } from '../../failures/dlq-record.ts'
import type { Families } from '../../telemetry/families.ts'
import { buildRedrive, findLeftOutReason, LEFT_OUT, type LeftOutReason } from './decision.ts'
import { readEligibleLetters } from './eligible-letters.ts'
import type { Handling } from './operation.ts'
import type { RedriveTopics } from './redrive-topic.ts'
import { Tally } from './result.ts'

/** Counts what a run would do, without changing anything. If it is stopped, only a part is counted. */
export async function previewHandling(handling: Handling): Promise<Tally> {
  const tally = new Tally()
  for await (const group of readEligibleLetters(handling, tally, '')) {
    for (const { row } of group) tally.addHandled(row)
    if (handling.stop.aborted) break
  }
  return tally
}

export interface RedriveOutlook {
  readonly to: {
    readonly topic: string
    readonly partition: number
    readonly consumer: string
    readonly attempt: number
  }
  /** Reason for which a redrive would skip the dead letter; null if it can be redriven. */
  readonly leftOut: LeftOutReason | null
  /** The reason as text. */
  readonly leftOutBecause: string | null
  /** Action by which the dead letter was handled; null while it is open. */
  readonly handled: HandledAction | null
}

/** Returns the expected outcome of redriving a dead letter that is named, as the run decides it. */
export function previewRedrive(
  families: Families,
  found: FoundDeadLetter,
  handled: HandledAction | undefined,
  topics: RedriveTopics,
): RedriveOutlook {
  const { consumer, attempt, originalTopic, originalPartition } = found.deadLetter
  const row = { ...deadLetterRow(families, found), partition: found.partition, ...(handled && { handled }) }
  const request = { command: 'redrive', ats: [found.id], again: true } as const
  const outcome = findLeftOutReason(row, request) ?? buildRedrive(found, topics, { by: '', at: '' })
  const isLeftOut = typeof outcome === 'string'
  const { topic = originalTopic, partition = originalPartition } = isLeftOut ? {} : outcome
  return {
    to: { topic, partition, consumer, attempt: attempt + 1 },
    leftOut: isLeftOut ? outcome : null,
    leftOutBecause: isLeftOut ? LEFT_OUT[outcome] : null,
    handled: handled ?? null,
  }
}
