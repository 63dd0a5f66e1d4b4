import { dataschemaOf } from '../dataschema.ts'
import type { Received } from '../event.ts'
import { decided, type Emission, type KeyedProcess, rejected } from '../process.ts'
import { FAILURES, type FailureClass } from './codes.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE, type Failure } from './failure.ts'

/** Data of a dead letter: the failure, and why it was not tried again. */
export interface DeadLetter extends Failure {
  readonly class: FailureClass | 'unknown'
  readonly routedBecause: string
}

/**
 * The dlq-router: each failure becomes a dead letter with the original bytes and the reason. It keeps no state.
 */
export const failureRouter: KeyedProcess<undefined, Failure> = {
  name: 'dlq-router',
  accepts: [FAILURE_TYPE],
  onEvent(_, event) {
    const failure = event.data
    if (failure === undefined) return rejected('a failure event without data')
    return decided('dead-letter', undefined, [deadLetter(event, failure)])
  },
}

function deadLetter(event: Received<Failure>, failure: Failure): Emission {
  const kind = Object.hasOwn(FAILURES, failure.errorType)
    ? FAILURES[failure.errorType as keyof typeof FAILURES]
    : undefined
  const letter: DeadLetter = {
    ...failure,
    class: kind?.class ?? 'unknown',
    routedBecause: kind?.description ?? 'the code is not known to this version',
  }
  return {
    name: 'dead-letter',
    to: 'dlq',
    key: failure.originalKey === null ? null : { base64: failure.originalKey },
    type: DEAD_LETTER_TYPE,
    dataschema: dataschemaOf(DEAD_LETTER_TYPE),
    source: event.source,
    ...(event.subject === undefined ? {} : { subject: event.subject }),
    data: letter,
  }
}
