/** Decides whether a dead letter is redriven or dropped, and gives the reason if it is not. Pure. */
import { estimateSize, type OutgoingRecord } from '#runtime/cloudevents/index.ts'
import type { Failure } from '#runtime/consumer/index.ts'
import type { RetryInput } from '../../app/retry-input.ts'
import type { FoundDeadLetter, HandledAction } from '../../failures/dlq-record.ts'
import { LAMBDA_DISCARDED } from '../../failures/policy.ts'
import { type ByHand, createRedrivenRecord, isRedrivable } from '../../failures/redriven-record.ts'
import { INTAKE } from '../../intake/input.ts'
import type { PlacedRow } from '../../queries/dead-letters/dead-letters.ts'
import type { HandlingRequest } from './operation.ts'
import type { RedriveTopics } from './redrive-topics.ts'

/** Reasons for skipping dead letters, with descriptions for the user. */
export const LEFT_OUT = {
  handled: 'handled before',
  quarantined:
    'quarantined: operators have redriven them several times; specify each by its AT to redrive it again',
  'never-failed':
    'given up by Lambda, not by their consumer: it reads them from the log by itself; drop them',
  incomplete: 'incomplete: parts of the record are only in the log',
  'unknown-topic': 'of a topic that this environment does not have',
  'no-such-partition': 'of a partition that their topic does not have',
  'another-log': 'of an offset that their topic has not reached: it was recreated since',
  'unknown-consumer': 'of a consumer that no longer reads their topic',
  'too-large': 'too large for their topic, including what a redrive adds',
  'still-fails': 'still without a mapping that fits: correct the mappings of the input first',
  appended:
    'of records of an input whose event was appended before: another one could count twice; publish a correction as a new event',
  broken: 'broken: they cannot be read',
} as const

export type LeftOutReason = keyof typeof LEFT_OUT

/**
 * Returns the reason for skipping a dead letter, based on its table row alone. Undefined if the dead letter is dropped, or if its
 * record must be examined.
 */
export function findLeftOutReason(
  row: PlacedRow,
  { command, ats, again }: Pick<HandlingRequest, 'command' | 'ats' | 'again'>,
): LeftOutReason | undefined {
  const isNamed = ats.length > 0
  if (row.handled && !again) return 'handled'
  if (command === 'drop') return row.kind === 'broken' && !isNamed ? 'broken' : undefined
  if (row.kind === 'broken') return 'broken'
  if (wasAppended(row, row.handled)) return 'appended'
  if (row.quarantined && !isNamed) return 'quarantined'
  return row.code === LAMBDA_DISCARDED ? 'never-failed' : undefined
}

/**
 * Returns whether the event of a record of an input was appended already. Unlike a redriven record, a further event is known only for
 * as long as readers remember its id.
 */
function wasAppended(
  { consumer }: { readonly consumer: string },
  handled: HandledAction | undefined,
): boolean {
  return consumer === INTAKE && handled === 'redriven'
}

/** Reason why a record cannot be redriven, and the failure of a record of an input that still cannot be mapped. */
export interface Obstacle {
  readonly leftOut: LeftOutReason
  readonly failure?: Failure
}

/**
 * Returns the record that redrives a dead letter, or the reason why its record cannot be redriven. The event of a record of an input
 * is mapped with the mappings of now, and nothing is written into the input.
 *
 * @throws Unavailable if the schema of a record of an input cannot be fetched now
 */
export async function buildRedrive(
  { deadLetter }: Pick<FoundDeadLetter, 'deadLetter'>,
  topics: RedriveTopics,
  byHand: ByHand,
  retryInput?: RetryInput,
): Promise<OutgoingRecord | Obstacle> {
  if (!isRedrivable(deadLetter)) return { leftOut: 'incomplete' }
  if (deadLetter.consumer === INTAKE) {
    const mapped = retryInput ? await retryInput(deadLetter) : undefined
    if (mapped === undefined) return { leftOut: 'unknown-topic' }
    return 'kind' in mapped ? { leftOut: 'still-fails', failure: mapped } : mapped
  }
  const leftOut = findRedriveObstacle(deadLetter, topics)
  if (leftOut) return { leftOut }
  const topic = topics.get(deadLetter.originalTopic)
  const record = createRedrivenRecord(deadLetter, byHand)
  return estimateSize(record) > (topic?.maxMessageBytes ?? 0) ? { leftOut: 'too-large' } : record
}

/** Returns the reason why a record cannot be redriven to its original topic. */
function findRedriveObstacle(
  deadLetter: FoundDeadLetter['deadLetter'],
  topics: RedriveTopics,
): LeftOutReason | undefined {
  const topic = topics.get(deadLetter.originalTopic)
  if (!topic) return 'unknown-topic'
  const bounds = topic.bounds[deadLetter.originalPartition]
  if (!bounds) return 'no-such-partition'
  if (deadLetter.originalOffset >= bounds.end) return 'another-log'
  return topic.consumers.has(deadLetter.consumer) ? undefined : 'unknown-consumer'
}
