import { secretOf } from './adapters/aws/clients.ts'
import type { RedisClient, RedisSettings } from './adapters/redis/client.ts'
import type { Config } from './config.ts'
import { KafkaConnections } from './kafka-connections.ts'
import { once } from './once.ts'

/** Connections to Kafka and to Redis, each made when it is first asked for. */
export class Connections extends KafkaConnections {
  readonly redis: () => Promise<RedisClient>

  /** @param name who connects, for the broker's logs */
  constructor(config: Config, name: string) {
    super(config, name)
    this.redis = once(async () => {
      const { RedisClient } = await import('./adapters/redis/client.ts')
      return this.kept(new RedisClient(() => redisSettings(config)))
    })
  }
}

async function redisSettings({ redis }: Config): Promise<RedisSettings> {
  const { username, password } = redis.secret ? await secretOf(redis.secret) : {}
  return {
    url: redis.url,
    mode: redis.mode,
    ...(username ? { username: String(username) } : {}),
    ...(password ? { password: String(password) } : {}),
  }
}
