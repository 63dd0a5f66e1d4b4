/** Shows in advance what redriving or dropping dead letters would do. */
import { computePartition } from '#runtime/consumer/index.ts'
import type { RetryInput } from '../../app/retry-input.ts'
import type { FoundDeadLetter, HandledAction } from '../../failures/dlq-record.ts'
import { LAMBDA_DISCARDED } from '../../failures/policy.ts'
import { createRedrivenRecord } from '../../failures/redriven-record.ts'
import { INTAKE } from '../../intake/input.ts'
import { buildRedrive, findRedriveObstacle, type LeftOutReason } from './decision.ts'
import { readEligibleLetters } from './eligible-letters.ts'
import type { Handling } from './operation.ts'
import type { RedriveTopics } from './redrive-topics.ts'
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
  /** Action by which the dead letter was handled; null while it is open. */
  readonly handled: HandledAction | null
}

/** Returns the expected outcome of redriving a dead letter that is named. */
export function previewRedrive(
  { deadLetter }: Pick<FoundDeadLetter, 'deadLetter'>,
  handled: HandledAction | undefined,
  topics: RedriveTopics,
  retryInput?: RetryInput,
): RedriveOutlook {
  if (deadLetter.consumer === INTAKE) return previewMapping(deadLetter, handled, topics, retryInput)
  const { topic, partition } = createRedrivenRecord(deadLetter)
  const { consumer, attempt, errorType } = deadLetter
  const leftOut = errorType === LAMBDA_DISCARDED ? 'never-failed' : findRedriveObstacle(deadLetter, topics)
  return {
    to: { topic, partition, consumer, attempt: attempt + 1 },
    leftOut: leftOut ?? null,
    handled: handled ?? null,
  }
}

/** Returns the expected outcome for a record of an input, whose event is appended to one of Sluice's topics. */
function previewMapping(
  deadLetter: FoundDeadLetter['deadLetter'],
  handled: HandledAction | undefined,
  topics: RedriveTopics,
  retryInput: RetryInput | undefined,
): RedriveOutlook {
  const { consumer, attempt, originalTopic, originalPartition } = deadLetter
  const record = buildRedrive({ deadLetter }, topics, { by: '', at: '' }, retryInput)
  const isMapped = typeof record !== 'string'
  const partitions = isMapped ? topics.get(record.topic)?.bounds.length : undefined
  const partition = isMapped && record.key && partitions ? computePartition(record.key, partitions) : 0
  const to = isMapped
    ? { topic: record.topic, partition }
    : { topic: originalTopic, partition: originalPartition }
  return {
    to: { ...to, consumer, attempt: attempt + 1 },
    leftOut: isMapped ? null : record,
    handled: handled ?? null,
  }
}
