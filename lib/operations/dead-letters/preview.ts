/** Shows in advance what redriving or dropping dead letters would do. */
import type { OutgoingRecord } from '#runtime/cloudevents/index.ts'
import { computePartition, failure } from '#runtime/consumer/index.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { RetryInput } from '../../app/retry-input.ts'
import { deadLetterRow } from '../../failures/dead-letter-row.ts'
import type { FoundDeadLetter, HandledAction } from '../../failures/dlq-record.ts'
import { buildRedrive, findLeftOutReason, LEFT_OUT, type LeftOutReason, type Obstacle } from './decision.ts'
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
  /** The reason as text, and why an input's record still cannot be mapped unless the dead letter says the same. */
  readonly leftOutBecause: string | null
  /** Action by which the dead letter was handled; null while it is open. */
  readonly handled: HandledAction | null
}

/** Returns the expected outcome of redriving a dead letter that is named, as the run decides it. */
export async function previewRedrive(
  found: FoundDeadLetter,
  handled: HandledAction | undefined,
  topics: RedriveTopics,
  retryInput?: RetryInput,
): Promise<RedriveOutlook> {
  const { consumer, attempt, error, originalTopic, originalPartition } = found.deadLetter
  const outcome = await decideRedrive(found, handled, topics, retryInput)
  const to = { topic: originalTopic, partition: originalPartition, consumer, attempt: attempt + 1 }
  if (!('leftOut' in outcome)) {
    const { topic, partition = choosePartition(outcome, topics) } = outcome
    return { to: { ...to, topic, partition }, leftOut: null, leftOutBecause: null, handled: handled ?? null }
  }
  const { leftOut, failure: why } = outcome
  const reason = why && why.message !== error ? ` (${why.code}: ${why.message})` : ''
  return { to, leftOut, leftOutBecause: `${LEFT_OUT[leftOut]}${reason}`, handled: handled ?? null }
}

async function decideRedrive(
  found: FoundDeadLetter,
  handled: HandledAction | undefined,
  topics: RedriveTopics,
  retryInput: RetryInput | undefined,
): Promise<OutgoingRecord | Obstacle> {
  const row = { ...deadLetterRow(found), partition: found.partition, ...(handled && { handled }) }
  const request = { command: 'redrive', ats: [found.id], again: true } as const
  const leftOut = findLeftOutReason(row, request)
  if (leftOut) return { leftOut }
  try {
    return await buildRedrive(found, topics, { by: '', at: '' }, retryInput)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    return { leftOut: 'still-fails', failure: failure('registry-unavailable', error.message) }
  }
}

function choosePartition({ topic, key }: OutgoingRecord, topics: RedriveTopics): number {
  const partitions = topics.get(topic)?.bounds.length
  return key && partitions ? computePartition(key, partitions) : 0
}
