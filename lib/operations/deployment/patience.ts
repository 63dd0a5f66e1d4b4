/** Waits for what is on its way: permissions of a role that was just made, leaders of a topic that was just created. */
import { setTimeout as pause } from 'node:timers/promises'
import { brokersAnswer, isRetriableAnswer } from '../../../packages/runtime/adapters/kafka/availability.ts'

interface Patience {
  /** Time after the first attempt within which another one may begin, in milliseconds. */
  readonly forMs: number
  readonly everyMs: number
}

/** IAM is eventually consistent: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html speaks of seconds, rarely more. */
const PATIENCE: Patience = { forMs: 60_000, everyMs: 5_000 }

/**
 * Tries again while a permission is missing or a partition has no leader: CloudFormation calls the function within seconds after it
 * has made or changed the role, and brokers may not know yet what that allows. Each attempt must be complete in itself.
 *
 * @throws the error of the last attempt; an AbortError if `stop` comes first
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
/** How every service of AWS says it. */
const AWS_DENIAL = /is not authorized to perform/

/** Whether brokers or AWS deny what the function asks for. */
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
