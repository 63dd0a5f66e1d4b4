import type { Received } from '../runtime/consumer/event.ts'
import { FAILURES, type FailureClass } from '../runtime/consumer/failure-codes.ts'
import type { FailureData } from '../runtime/consumer/failure-event.ts'
import { decided, type Emission, type KeyedProcess, rejected } from '../runtime/consumer/process.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE } from './event-types.ts'

/** Data of a dead letter: the failure, and why it was not retried. */
export interface DeadLetter extends FailureData {
  readonly class: FailureClass | 'unknown'
  readonly routedBecause: string
  /** Whether it failed again after people had redriven it several times: redriving many leaves it out. */
  readonly quarantined: boolean
}

/**
 * The dlq-router: turns each failure into a dead letter with the original bytes and the reason. It keeps no state.
 */
export const failureRouter: KeyedProcess<undefined, FailureData> = {
  name: 'dlq-router',
  accepts: [FAILURE_TYPE],
  onEvent(_, event) {
    const failure = event.data
    if (failure === undefined) return rejected('a failure event without data')
    return decided('dead-letter', undefined, [deadLetter(event, failure)])
  },
}

function deadLetter(event: Received<FailureData>, failure: FailureData): Emission {
  const kind = Object.hasOwn(FAILURES, failure.errorType)
    ? FAILURES[failure.errorType as keyof typeof FAILURES]
    : undefined
  const data: DeadLetter = {
    ...failure,
    class: kind?.class ?? 'unknown',
    routedBecause: kind?.description ?? 'the code is not known to this version',
    quarantined: false,
  }
  return {
    name: 'dead-letter',
    to: 'dlq',
    key: failure.originalKey === null ? null : { base64: failure.originalKey },
    type: DEAD_LETTER_TYPE,
    dataschema: dataschemaOf(DEAD_LETTER_TYPE),
    source: event.source,
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    data,
  }
}
