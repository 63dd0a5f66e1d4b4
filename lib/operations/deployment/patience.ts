/** Retries work while a new role's permissions become effective, or a new topic has no leaders yet. */
import { setTimeout as pause } from 'node:timers/promises'
import { brokersAnswer, isRetriableAnswer } from '../../../packages/runtime/adapters/kafka/availability.ts'

interface Patience {
  /** Time since the first attempt within which another one may start, in milliseconds. */
  readonly forMs: number
  readonly everyMs: number
}

/**
 * Default limits. IAM is eventually consistent; according to
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html this usually takes seconds.
 */
const PATIENCE: Patience = { forMs: 60_000, everyMs: 5_000 }

/**
 * Repeats work while a permission is missing or a partition has no leader. CloudFormation calls the function
 * within seconds after it has created or changed the role, and the brokers may not know the new permissions
 * yet. Each attempt must be complete in itself.
 *
 * @throws the error of the last attempt
 * @throws AbortError if `stop` is aborted first
 */
export async function patiently<T>(
  work: () => Promise<T>,
  stop: AbortSignal,
  { forMs, everyMs }: Patience = PATIENCE,
): Promise<T> {
  const beganAtMs = performance.now()
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(lacksPermission(error) || isRetriableAnswer(error)) || performance.now() - beganAtMs >= forMs)
        throw error
    }
    await pause(everyMs, undefined, { signal: stop })
  }
}

const DENIALS: ReadonlySet<string | undefined> = new Set([
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
])
/** Pattern of the message with which all AWS services report a missing permission. */
const AWS_DENIAL = /is not authorized to perform/

/** Returns whether brokers or AWS deny the request. */
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
