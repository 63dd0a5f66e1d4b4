import {
  defineProcess,
  type EmitOptions,
  type FailureData,
  failureId,
  type Step,
  type TopicName,
  type TypedEvent,
} from '#runtime/consumer/index.ts'
import { computeDigest } from '#runtime/pipeline/model/index.ts'
import type { FailureEnded } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { DEAD_LETTER_TYPE, FAILURE_ENDED_TYPE, FAILURE_TYPE, RETRY_TYPE } from './event-types.ts'
import { type Discarded, LAMBDA_DISCARDED_TYPE } from './on-failure/discarded-batch.ts'
import { toAddress, toFailures } from './on-failure/to-failures.ts'
import type { FailurePolicy, RoutedClass } from './policy.ts'
import { createRedrivenRecord } from './redriven-record.ts'
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
  /** Returns the consumer to which a Lambda function belongs. By default, both have the same name. */
  readonly resolveConsumer?: (functionName: string) => string
}

/**
 * Consumer `dlq-router`: sends each failure, with the original bytes and the reason, to a retry topic or to the dlq topic. It also
 * converts messages about records that Lambda has discarded to failures. It has no state.
 */
export function dlqRouter({ policy, findTopicName, resolveConsumer = name => name }: RouterOptions) {
  const routeFailure = (step: Step, failure: RoutableFailure): string => {
    const chosenRoute = route(failure.failure, policy)
    emitRoute(step, failure, chosenRoute)
    emitEnd(step, failure, chosenRoute, findTopicName)
    return chosenRoute.reason
  }
  return defineProcess<undefined>(ROUTER, {
    on: {
      [FAILURE_TYPE](_, { data: failure, source, subject }: TypedEvent<FailureData>, step) {
        // A failure of a record in the dlq topic is not routed. Otherwise, dead letters of dead letters could circulate forever.
        const isDeadLetter = findTopicName(failure.originalTopic) === 'dlq'
        const address = { source, subject }
        step.reason(isDeadLetter ? 'from-dead-letters' : routeFailure(step, { failure, address, suffix: '' }))
        return undefined
      },
      [LAMBDA_DISCARDED_TYPE](_, { data }: TypedEvent<Discarded | undefined>, step) {
        if (!data) return step.reject('the message of Lambda has no data')
        const reasons = new Set(
          toFailures(data, resolveConsumer).map((failure, index) =>
            routeFailure(step, { failure, address: toAddress(failure), suffix: `-${index}` }),
          ),
        )
        const [reason = 'several-routes'] = reasons.size === 1 ? reasons : []
        step.reason(reason)
        return undefined
      },
    },
  })
}

interface RoutableFailure {
  readonly failure: FailureData
  readonly address: { readonly source: string; readonly subject?: string | undefined }
  /** Suffix that makes the names of emissions unique within one step. */
  readonly suffix: string
}

function emitRoute(step: Step, routed: RoutableFailure, { to, quarantined, ...why }: Route): void {
  const { failure, suffix } = routed
  const retry: Retry = { ...failure, class: why.class, routedBecause: why.because }
  const deadLetter: DeadLetter = { ...retry, quarantined }
  if (to === 'dlq') step.emit(to, `dead-letter${suffix}`, deadLetter, toAttributes(routed, DEAD_LETTER_TYPE))
  else step.emit(to, `retry${suffix}`, retry, toAttributes(routed, RETRY_TYPE))
}

/**
 * Emits the event that marks a failure as ended. Consumers that park later events of the entity wait for it, so it is written to
 * the partition of the failed record.
 */
function emitEnd(
  step: Step,
  routed: RoutableFailure,
  { to, because }: Route,
  findTopicName: RouterOptions['findTopicName'],
): void {
  const { failure, suffix } = routed
  if (to !== 'dlq' || !failure.parks) return
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset, consumer } = failure
  const original = findTopicName(topic)
  if (original === undefined) return
  const id = failureId(consumer, { topic, partition, offset })
  const digest = computeDigest(createRedrivenRecord(failure))
  const data: FailureEnded = { consumer, failure: id, digest, attempt: failure.attempt, because }
  step.emit(original, `failure-ended${suffix}`, data, {
    ...toAttributes(routed, FAILURE_ENDED_TYPE),
    partition,
  })
}

function toAttributes({ failure: { originalKey }, address }: RoutableFailure, type: string): EmitOptions {
  const key = originalKey === null ? null : { base64: originalKey }
  const { source, subject = null } = address
  return { key, type, source, subject, dataschema: toDataschema(type) }
}
