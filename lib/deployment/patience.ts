/** Retries work until a new role's permissions are effective, or a new topic has leaders. */
import { setTimeout as pause } from 'node:timers/promises'
import { brokersAnswer, isRetriableAnswer } from '#runtime/functions/kafka'
import { OperationFailure } from '../support/operation-failure.ts'

/** Topics that were not listed. A role whose permissions are not effective yet gets the same answer for topics that exist. */
export class HiddenTopics extends OperationFailure {}

interface Patience {
  /** Time after the first attempt within which another attempt may start, in milliseconds. */
  readonly forMs: number
  readonly everyMs: number
}

/**
 * Default limits. IAM is eventually consistent, which usually takes seconds:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
 */
const PATIENCE: Patience = { forMs: 60_000, everyMs: 5_000 }

/**
 * Runs work, and repeats it while a permission is missing, topics may be hidden, or a partition has no leader. CloudFormation calls
 * the function within seconds after changing its role, and brokers may not know the new permissions yet. Each attempt must be complete
 * in itself.
 *
 * @throws the error of the last attempt
 * @throws Error with the name AbortError if `stop` is aborted first
 */
export async function runPatiently<T>(
  work: () => Promise<T>,
  stop: AbortSignal,
  { forMs, everyMs }: Patience = PATIENCE,
  wait: (ms: number, stop: AbortSignal) => Promise<void> = (ms, signal) => pause(ms, undefined, { signal }),
): Promise<T> {
  const beganAtMs = performance.now()
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const mayPass = error instanceof HiddenTopics || lacksPermission(error) || isRetriableAnswer(error)
      if (!mayPass || performance.now() - beganAtMs >= forMs) throw error
    }
    await wait(everyMs, stop)
  }
}

const DENIALS: ReadonlySet<string | undefined> = new Set([
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
])
/** Matches the error message with which all AWS services report a missing permission. */
const AWS_DENIAL = /is not authorized to perform/

/** Returns whether Kafka or AWS has denied a request because of a missing permission. */
export function lacksPermission(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, message, cause } = error
  return (
    DENIALS.has(brokersAnswer(error)) ||
    name === 'KafkaJSSASLAuthenticationError' ||
    AWS_DENIAL.test(message) ||
    lacksPermission(cause)
  )
}
