import type { Config } from '../../lib/config.ts'
import { LocalCloudError } from '../failure.ts'
import { kafkaAnswers, redisAnswers } from '../services/probes.ts'

/**
 * Asks the servers that a configuration names for a sign of life, so that a wrong address is told by its name and not by
 * what fails of it later.
 * @throws LocalCloudError naming what does not answer, without user and password
 */
export async function requireReachable({ kafka, redis }: Config): Promise<void> {
  if (!URL.canParse(redis.url))
    throw new LocalCloudError(
      'REDIS_URL is not of the form redis://host:port (rediss:// for TLS). Put it right.',
    )
  const [kafkaIsThere, redisIsThere] = await Promise.all([
    // The probe speaks plain text only, and a cluster that is named by its ARN is looked up later.
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
  throw new LocalCloudError(
    `${silent.join('\n  ')}\n  Start the stack with npm start, or say by these variables where it runs.`,
  )
}

function hostAndPort(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || 6379}`
}
