import { createRedrivenRecord } from '#runtime/cloudevents'
import {
  defineProcess,
  type EmitOptions,
  type FailureData,
  failureId,
  type Step,
  type TopicName,
  type TypedEvent,
} from '#runtime/consumer'
import { computeDigest } from '#runtime/pipeline'
import type { FailureEnded } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { DEAD_LETTER_TYPE, FAILURE_ENDED_TYPE, FAILURE_TYPE, RETRY_TYPE } from './event-types.ts'
import type { FailurePolicy, RoutedClass } from './policy.ts'
import { ROUTER, type Route, route } from './route.ts'

/** Data of a failure that is retried, including the reason for the retry. */
export interface Retry extends FailureData {
  readonly class: RoutedClass
  readonly routedBecause: string
}

/** Data of a dead letter: the failure, and the reason why it is not retried. */
export interface DeadLetter extends Retry {
  /** True if the record failed again after several redrives by operators. Bulk redrives skip quarantined dead letters. */
  readonly quarantined: boolean
}

export interface RouterOptions {
  readonly policy: FailurePolicy
  /** Returns the logical name of a Kafka topic; undefined if the topic does not belong to this environment. */
  readonly findTopicName: (kafkaTopic: string) => TopicName | undefined
}

/**
 * Consumer `dlq-router`: sends each failure, with the original bytes and the reason, to a retry topic or to the dlq topic. It has
 * no state.
 */
export function dlqRouter({ policy, findTopicName }: RouterOptions) {
  return defineProcess<undefined>(ROUTER, {
    on: {
      [FAILURE_TYPE](_, failed: FailureEvent, step) {
        // A failure of a record in the dlq topic is not routed. Otherwise, dead letters of dead letters could circulate forever.
        const isDeadLetter = findTopicName(failed.data.originalTopic) === 'dlq'
        if (isDeadLetter) {
          step.reason('from-dead-letters')
          return undefined
        }
        const chosenRoute = route(failed.data, policy)
        emitRoute(step, failed, chosenRoute)
        emitEnd(step, failed, chosenRoute, findTopicName)
        step.reason(chosenRoute.reason)
        return undefined
      },
    },
  })
}

type FailureEvent = TypedEvent<FailureData>

function emitRoute(step: Step, failed: FailureEvent, { to, quarantined, ...why }: Route): void {
  const retry: Retry = { ...failed.data, class: why.class, routedBecause: why.because }
  const deadLetter: DeadLetter = { ...retry, quarantined }
  if (to === 'dlq') step.emit(to, 'dead-letter', deadLetter, toAttributes(failed, DEAD_LETTER_TYPE))
  else step.emit(to, 'retry', retry, toAttributes(failed, RETRY_TYPE))
}

/**
 * Emits the event that marks a failure as ended. Consumers that park later events of the entity wait for it, so it is written to
 * the partition of the failed record.
 */
function emitEnd(
  step: Step,
  failed: FailureEvent,
  { to, because }: Route,
  findTopicName: RouterOptions['findTopicName'],
): void {
  const failure = failed.data
  if (to !== 'dlq' || !failure.parks) return
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset, consumer } = failure
  const original = findTopicName(topic)
  if (original === undefined) return
  const id = failureId(consumer, { topic, partition, offset })
  const digest = computeDigest(createRedrivenRecord(failure))
  const data: FailureEnded = { consumer, failure: id, digest, attempt: failure.attempt, because }
  step.emit(original, 'failure-ended', data, { ...toAttributes(failed, FAILURE_ENDED_TYPE), partition })
}

function toAttributes({ data, source, subject }: FailureEvent, type: string): EmitOptions {
  const key = data.originalKey === null ? null : { base64: data.originalKey }
  return { key, type, source, subject: subject ?? null, dataschema: toDataschema(type) }
}
