import {
  completeStep,
  type Emission,
  type FailureData,
  failureId,
  type KeyedProcess,
  reject,
  type TopicName,
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
export function dlqRouter(options: RouterOptions): KeyedProcess<undefined, FailureData | Discarded> {
  const { policy, findTopicName, resolveConsumer = name => name } = options
  return {
    name: ROUTER,
    accepts: [FAILURE_TYPE, LAMBDA_DISCARDED_TYPE],
    onEvent(_, { type, data, source, subject }) {
      if (data === undefined) return reject('the failure event has no data')
      if (type === FAILURE_TYPE) {
        const failure = data as FailureData
        // A failure of a record in the dlq topic is not routed. Otherwise, dead letters of dead letters could circulate forever.
        if (findTopicName(failure.originalTopic) === 'dlq')
          return completeStep('from-dead-letters', undefined)
        const address = { source, ...(subject === undefined ? {} : { subject }) }
        const { taken, emit } = routeFailure({ failure, address, suffix: '' }, policy, findTopicName)
        return completeStep(taken.reason, undefined, emit)
      }
      const each = toFailures(data as Discarded, resolveConsumer).map((failure, index) =>
        routeFailure({ failure, address: toAddress(failure), suffix: `-${index}` }, policy, findTopicName),
      )
      const reasons = new Set(each.map(({ taken }) => taken.reason))
      const [reason = 'several-routes'] = reasons.size === 1 ? reasons : []
      return completeStep(
        reason,
        undefined,
        each.flatMap(({ emit }) => emit),
      )
    },
  }
}

interface RoutableFailure {
  readonly failure: FailureData
  readonly address: { readonly source: string; readonly subject?: string }
  /** Suffix that makes the names of emissions unique within one step. */
  readonly suffix: string
}

function routeFailure(
  failure: RoutableFailure,
  policy: FailurePolicy,
  findTopicName: RouterOptions['findTopicName'],
) {
  const chosenRoute = route(failure.failure, policy)
  return {
    taken: chosenRoute,
    emit: [
      createRouteEmission(failure, chosenRoute),
      ...createEndEmissions(failure, chosenRoute, findTopicName),
    ],
  }
}

function createRouteEmission(routed: RoutableFailure, { to, quarantined, ...why }: Route): Emission {
  const { failure, suffix } = routed
  const retry: Retry = { ...failure, class: why.class, routedBecause: why.because }
  if (to !== 'dlq')
    return { ...createEmissionBase(routed, RETRY_TYPE), name: `retry${suffix}`, to, data: retry }
  const data: DeadLetter = { ...retry, quarantined }
  return { ...createEmissionBase(routed, DEAD_LETTER_TYPE), name: `dead-letter${suffix}`, to, data }
}

/**
 * Returns the event that marks a failure as ended. Consumers that park later events of the entity wait for it, so it is written to
 * the partition of the failed record.
 */
function createEndEmissions(
  routed: RoutableFailure,
  { to, because }: Route,
  findTopicName: RouterOptions['findTopicName'],
): Emission[] {
  const { failure, suffix } = routed
  if (to !== 'dlq' || !failure.parks) return []
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset, consumer } = failure
  const original = findTopicName(topic)
  if (original === undefined) return []
  const id = failureId(consumer, { topic, partition, offset })
  const digest = computeDigest(createRedrivenRecord(failure))
  const data: FailureEnded = { consumer, failure: id, digest, attempt: failure.attempt, because }
  const addressedTo = createEmissionBase(routed, FAILURE_ENDED_TYPE)
  return [{ ...addressedTo, name: `failure-ended${suffix}`, to: original, partition, data }]
}

function createEmissionBase({ failure: { originalKey }, address }: RoutableFailure, type: string) {
  const key = originalKey === null ? null : { base64: originalKey }
  return { key, type, dataschema: toDataschema(type), ...address }
}
