import { within } from '#runtime/adapters/within.ts'
/** Waits for servers, and converts their errors to messages for users. */

import { isUnknownTopic, RefusedByKafka } from '#runtime/adapters/kafka/errors.ts'
import { signInProblem } from '#runtime/adapters/kafka/sign-in-problem.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { Config } from '../../lib/app/config.ts'
import { formatKafkaAddress, getReason } from '../../lib/operations/server-messages.ts'
import { CliFailure } from '../failure.ts'

/** Timeout for the first answer of a server, in milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000

/** Converts an error of Kafka to an error with a message for users. All other errors are returned unchanged. */
export function kafkaFailure(error: unknown, config: Config): unknown {
  const where = formatKafkaAddress(config)
  if (isUnknownTopic(error)) return new CliFailure(`Kafka at ${where}: ${error.message}`)
  if (error instanceof RefusedByKafka && error.code === 'refused')
    return new CliFailure(`Kafka at ${where} refuses: ${getReason(error)}`)
  if (!isAnswerMissing(error)) return error
  return noAnswerFailure(error, config)
}

/** Returns the failure for a Kafka that does not answer. */
export function noAnswerFailure(error: unknown, config: Config): CliFailure {
  return new CliFailure(
    `Kafka does not answer at ${formatKafkaAddress(config)}: start it with \`npm start\`, or set KAFKA_BROKERS. (${getReason(error)})`,
  )
}

/** Converts errors of authentication. @throws CliFailure if the error is caused by wrong connection or authentication settings */
export function requireSignIn(error: unknown, config: Config): void {
  const problem = signInProblem(error)
  if (problem !== undefined)
    throw new CliFailure(`Kafka at ${formatKafkaAddress(config)} cannot be used: ${problem}`)
}

class NoAnswer extends Error {}

/** Returns whether the error means that the server cannot be reached. */
export function isAnswerMissing(error: unknown): boolean {
  return error instanceof Unavailable || error instanceof NoAnswer
}

/** Waits for the first answer of a server. @throws NoAnswer if the answer takes longer than ten seconds */
export function awaitAnswer<T>(answer: Promise<T>): Promise<T> {
  const createError = () => new NoAnswer(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`)
  return within(ANSWER_TIMEOUT_MS, answer, createError)
}
