/** Converts errors of servers to messages for users. */

import { RetryableError } from '#runtime/consumer'
import { signInProblem } from '#runtime/operating/kafka'
import { isUnknownTopic, RefusedByKafka } from '#runtime/operating/servers'
import { isUnreadable, Unavailable } from '#runtime/pipeline'
import { getReason } from '../../lib/log/kafka-answers.ts'
import { Failure } from '../../lib/support/failure.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import { describeKafka } from '../diagnosis/server-standards.ts'
import type { Config } from '../environment/config.ts'

/** Converts an error of a server to an error with a message for users. All other errors are returned unchanged. */
export function serverFailure(error: unknown, config: Config): unknown {
  if (error instanceof Failure) return error
  const kafka = `Kafka at ${describeKafka(config).address}`
  const fail = (message: string) => new OperationFailure(message, { cause: error })
  const problem = signInProblem(error)
  if (problem !== undefined) return fail(`${kafka} cannot be used: ${problem}`)
  if (isUnknownTopic(error)) return fail(`${kafka}: ${error.message}`)
  if (error instanceof RefusedByKafka && error.code === 'refused')
    return fail(`${kafka} refuses: ${getReason(error)}`)
  const isOfServer = error instanceof Unavailable || error instanceof RetryableError || isUnreadable(error)
  return isOfServer ? fail(error.message.replace(/^Kafka (?!at )/, `${kafka} `)) : error
}
