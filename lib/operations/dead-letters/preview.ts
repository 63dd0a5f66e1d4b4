/** Shows in advance what redriving or dropping dead letters would do. */
import { computePartition, failure } from '#runtime/consumer/index.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { RetryInput } from '../../app/retry-input.ts'
import type { FoundDeadLetter, HandledAction } from '../../failures/dlq-record.ts'
import { LAMBDA_DISCARDED } from '../../failures/policy.ts'
import { createRedrivenRecord } from '../../failures/redriven-record.ts'
import { INTAKE } from '../../intake/input.ts'
import { findRedriveObstacle, LEFT_OUT, type LeftOutReason, mapInput, wasAppended } from './decision.ts'
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

/** Returns the expected outcome of redriving a dead letter that is named. */
export async function previewRedrive(
  { deadLetter }: Pick<FoundDeadLetter, 'deadLetter'>,
  handled: HandledAction | undefined,
  topics: RedriveTopics,
  retryInput?: RetryInput,
): Promise<RedriveOutlook> {
  const { consumer, attempt, errorType } = deadLetter
  const target =
    consumer === INTAKE
      ? await previewMapping(deadLetter, handled, topics, retryInput)
      : previewReturn(deadLetter, topics)
  const { topic, partition, why = '' } = target
  const leftOut = errorType === LAMBDA_DISCARDED ? 'never-failed' : target.leftOut
  return {
    to: { topic, partition, consumer, attempt: attempt + 1 },
    leftOut: leftOut ?? null,
    leftOutBecause: leftOut ? `${LEFT_OUT[leftOut]}${why}` : null,
    handled: handled ?? null,
  }
}

/** Place to which a redrive writes, or the reason why it skips the dead letter. */
interface Target {
  readonly topic: string
  readonly partition: number
  readonly leftOut?: LeftOutReason | undefined
  readonly why?: string
}

type Letter = FoundDeadLetter['deadLetter']

function previewReturn(deadLetter: Letter, topics: RedriveTopics): Target {
  const { topic, partition } = createRedrivenRecord(deadLetter)
  return { topic, partition, leftOut: findRedriveObstacle(deadLetter, topics) }
}

/** Previews the redrive of a record of an input, whose event is appended to one of Sluice's topics. */
async function previewMapping(
  deadLetter: Letter,
  handled: HandledAction | undefined,
  topics: RedriveTopics,
  retryInput: RetryInput | undefined,
): Promise<Target> {
  const place = { topic: deadLetter.originalTopic, partition: deadLetter.originalPartition }
  if (wasAppended(deadLetter, handled)) return { ...place, leftOut: 'appended' }
  const mapped = await mapInput(deadLetter, retryInput).catch((error: unknown) => {
    if (error instanceof Unavailable) return failure('registry-unavailable', error.message)
    throw error
  })
  if (typeof mapped === 'string') return { ...place, leftOut: mapped }
  if ('kind' in mapped)
    return {
      ...place,
      leftOut: 'still-fails',
      why: mapped.message === deadLetter.error ? '' : ` (${mapped.code}: ${mapped.message})`,
    }
  const { topic, key } = mapped
  const partitions = topics.get(topic)?.bounds.length
  return { topic, partition: key && partitions ? computePartition(key, partitions) : 0 }
}
