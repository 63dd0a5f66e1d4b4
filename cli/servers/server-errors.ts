/** Waits for servers, and converts their errors to messages for users. */

import { isUnknownTopic, RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import { signInProblem } from '#runtime/adapters/kafka/sign-in-problem.ts'
import { serverUnavailable } from '#runtime/adapters/server-failure.ts'
import { within } from '#runtime/adapters/within.ts'
import { RetryableError } from '#runtime/consumer/index.ts'
import { isUnreadable, Unavailable } from '#runtime/pipeline/errors.ts'
import type { Config } from '../../lib/app/config.ts'
import { formatKafkaAddress } from '../../lib/operations/server-messages.ts'
import { getReason } from '../../lib/queries/kafka/kafka-answers.ts'
import { Failure } from '../../lib/support/failure.ts'
import { CliFailure } from '../failure.ts'

/** Timeout for the first answer of Kafka, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000

/** Converts an error of a server to an error with a message for users. All other errors are returned unchanged. */
export function serverFailure(error: unknown, config: Config): unknown {
  if (error instanceof Failure) return error
  const kafka = `Kafka at ${formatKafkaAddress(config)}`
  const problem = signInProblem(error)
  const message =
    problem !== undefined
      ? `${kafka} cannot be used: ${problem}`
      : isUnknownTopic(error)
        ? `${kafka}: ${error.message}`
        : error instanceof RefusedByKafka && error.code === 'refused'
          ? `${kafka} refuses: ${getReason(error)}`
          : isOfServer(error)
            ? error.message.replace(/^Kafka (?!at )/, `${kafka} `)
            : undefined
  return message === undefined ? error : new CliFailure(message, 1, { cause: error })
}

function isOfServer(error: unknown): error is Error {
  return error instanceof Unavailable || error instanceof RetryableError || isUnreadable(error)
}

/** Waits for the first answer of Kafka. @throws Unavailable if the answer takes longer than ten seconds */
export function awaitAnswer<T>(answer: Promise<T>): Promise<T> {
  const late = () => new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)
  return within(ANSWER_TIMEOUT_MS, answer, () => serverUnavailable('kafka', late()))
}
