import type { TopicName } from '../runtime/consumer/declared.ts'
import type { Received } from '../runtime/consumer/event.ts'
import { type FailureData, failureId } from '../runtime/consumer/failure-event.ts'
import { decided, type Emission, type KeyedProcess, rejected } from '../runtime/consumer/process.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { DEAD_LETTER_TYPE, FAILURE_ENDED_TYPE, FAILURE_TYPE, RETRY_TYPE } from './event-types.ts'
import type { FailurePolicy, RoutedClass } from './policy.ts'
import { ROUTER, type Route, route } from './route.ts'

/** Data of a failure that is tried again: the failure, and why it is. */
export interface Retry extends FailureData {
  readonly class: RoutedClass
  readonly routedBecause: string
}

/** Data of a dead letter: the failure, and why it is not retried. */
export interface DeadLetter extends Retry {
  /** Whether it failed again after people had redriven it several times: redriving many leaves it out. */
  readonly quarantined: boolean
}

/** Data of the event that lets a consumer go on with the events that wait for a failed one. */
export interface FailureEnded {
  readonly consumer: string
  /** Id of the failure, the same for all attempts. */
  readonly failure: string
  /** The number of the last attempt. */
  readonly attempt: number
  readonly because: string
}

export interface RouterOptions {
  readonly policy: FailurePolicy
  /** The application's name of a topic in Kafka; undefined if it is not one of this environment. */
  readonly topicOf: (kafkaTopic: string) => TopicName | undefined
}

/**
 * The dlq-router: sends each failure, with the original bytes and the reason, into a retry topic or to the dead letters. It keeps
 * no state.
 */
export function failureRouter({ policy, topicOf }: RouterOptions): KeyedProcess<undefined, FailureData> {
  return {
    name: ROUTER,
    accepts: [FAILURE_TYPE],
    onEvent(_, event) {
      const failure = event.data
      if (failure === undefined) return rejected('a failure event without data')
      const taken = route(failure, policy)
      return decided(taken.reason, undefined, [
        routed(event, failure, taken),
        ...ended(event, failure, taken, topicOf),
      ])
    },
  }
}

function routed(event: Received, failure: FailureData, { to, quarantined, ...why }: Route): Emission {
  const retry: Retry = { ...failure, class: why.class, routedBecause: why.because }
  if (to !== 'dlq') return { ...addressed(event, failure, RETRY_TYPE), name: 'retry', to, data: retry }
  const data: DeadLetter = { ...retry, quarantined }
  return { ...addressed(event, failure, DEAD_LETTER_TYPE), name: 'dead-letter', to, data }
}

/** The end of a failure, for a consumer that keeps later events of the entity waiting: in the partition where they wait. */
function ended(
  event: Received,
  failure: FailureData,
  { to, because }: Route,
  topicOf: RouterOptions['topicOf'],
): Emission[] {
  if (to !== 'dlq' || !failure.parks) return []
  const { originalTopic, originalPartition: partition, originalOffset: offset, consumer, attempt } = failure
  const original = topicOf(originalTopic)
  if (original === undefined) return []
  const id = failureId(consumer, { topic: originalTopic, partition, offset })
  const data: FailureEnded = { consumer, failure: id, attempt, because }
  return [
    {
      ...addressed(event, failure, FAILURE_ENDED_TYPE),
      name: 'failure-ended',
      to: original,
      partition,
      data,
    },
  ]
}

function addressed({ source, subject }: Received, { originalKey }: FailureData, type: string) {
  return {
    key: originalKey === null ? null : { base64: originalKey },
    type,
    dataschema: dataschemaOf(type),
    source,
    ...(subject === undefined ? {} : { subject }),
  }
}
