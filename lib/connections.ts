/** The clients that a configuration asks for: the one place where its names become addresses and credentials. */
import type { Kafka } from 'kafkajs'
import { brokersOf, secretOf } from './adapters/aws/clients.ts'
import { kafkaClient } from './adapters/kafka/client.ts'
import { RedisClient } from './adapters/redis/client.ts'
import type { Config } from './config.ts'

/** @param name who connects, for the broker's logs */
export async function connectKafka({ kafka }: Config, name: string): Promise<Kafka> {
  const { brokers, clusterArn, auth, region } = kafka
  const addresses = brokers.length > 0 ? brokers : await brokersOf(clusterArn ?? '', auth)
  return kafkaClient({ brokers: addresses, clientId: `sluice-${name}`, auth, ...(region ? { region } : {}) })
}

export async function connectRedis({ redis }: Config): Promise<RedisClient> {
  const { username, password } = redis.secret ? await secretOf(redis.secret) : {}
  return new RedisClient({
    url: redis.url,
    ...(username ? { username: String(username) } : {}),
    ...(password ? { password: String(password) } : {}),
  })
}
