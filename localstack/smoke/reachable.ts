import type { Config } from '../../lib/app/config.ts'
import { UserError } from '../../programs/user-error.ts'
import { kafkaAnswers, redisAnswers } from '../services/probes.ts'

/**
 * Checks that the configured servers answer, so that a wrong address is reported by name and not by a later failure.
 * @throws UserError naming the servers that do not answer, without user and password
 */
export async function requireReachable({ kafka, redis }: Config): Promise<void> {
  if (!URL.canParse(redis.url))
    throw new UserError('REDIS_URL is not of the form redis://host:port (rediss:// for TLS). Fix it.')
  const [kafkaIsThere, redisIsThere] = await Promise.all([
    // The probe supports only plaintext, and a cluster that is named by its ARN is looked up later.
    kafka.auth !== 'none' || kafka.brokers.length === 0 || kafkaAnswers(kafka.brokers.join(',')),
    redisAnswers(redis.url),
  ])
  const silent = [
    ...(kafkaIsThere
      ? []
      : [`Kafka does not answer at ${kafka.brokers.join(',')} (KAFKA_BROKERS, KAFKA_PORT).`]),
    ...(redisIsThere ? [] : [`Redis does not answer at ${hostAndPort(redis.url)} (REDIS_URL, REDIS_PORT).`]),
  ]
  if (silent.length === 0) return
  throw new UserError(
    `${silent.join('\n  ')}\n  Start the stack with npm start, or set these variables to its addresses.`,
  )
}

function hostAndPort(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || 6379}`
}
