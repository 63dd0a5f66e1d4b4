import { parameterOf, secretOf } from './adapters/aws/clients.ts'
import type { RedisClient, RedisSettings } from './adapters/redis/client.ts'
import { RedisCursor } from './adapters/redis/cursor.ts'
import { RedisFloodGate } from './adapters/redis/flood-gate.ts'
import { RedisStateStore } from './adapters/redis/state-store.ts'
import type { Config } from './config.ts'
import { KafkaConnections } from './kafka-connections.ts'
import { once } from './once.ts'
import type { FloodGate, StateStore } from './pipeline/ports.ts'

/** How far a scheduled function has come: a whole number that only grows. */
export interface Cursor {
  read(): Promise<number | undefined>
  advance(to: number): Promise<void>
}

/** Connections to Kafka and to Redis, each made when it is first asked for, and what is kept there. */
export class Connections extends KafkaConnections {
  readonly redis: () => Promise<RedisClient>
  readonly #env: string

  /** @param name who connects, for the broker's logs */
  constructor(config: Config, name: string) {
    super(config, name)
    this.#env = config.env
    this.redis = once(async () => {
      const { RedisClient } = await import('./adapters/redis/client.ts')
      return this.kept(new RedisClient(() => redisSettings(config)))
    })
  }

  async store(): Promise<StateStore> {
    return new RedisStateStore(await this.redis())
  }

  async gate(): Promise<FloodGate> {
    return new RedisFloodGate(await this.redis(), this.#env)
  }

  async cursor(name: string): Promise<Cursor> {
    return new RedisCursor(await this.redis(), name)
  }

  /** The settings in a parameter; none where no parameter is named. */
  async parameter(name: string | undefined): Promise<Record<string, unknown>> {
    return name ? parameterOf(name) : {}
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
