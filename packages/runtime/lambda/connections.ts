import { readParameter, readSecret } from '../adapters/aws/secrets-and-parameters.ts'
import { RedisCircuitBreaker } from '../adapters/redis/circuit-breaker.ts'
import type { RedisSettings as RedisAccess, RedisClient } from '../adapters/redis/client.ts'
import { RedisForwardCursors } from '../adapters/redis/forward-cursors.ts'
import { RedisStateStore } from '../adapters/redis/state-store.ts'
import { RedisValue } from '../adapters/redis/stored-value.ts'
import type { CircuitBreaker, Cursors, StateStore } from '../pipeline/ports.ts'
import type { ReplaceableStates } from '../pipeline/replacing/replaceable-states.ts'
import type { GeneralSettings } from '../settings/general.ts'
import type { KafkaSettings } from '../settings/kafka.ts'
import type { RedisSettings } from '../settings/redis.ts'
import { once } from '../waiting/index.ts'
import { KafkaClients } from './kafka-clients.ts'

/** A value that a scheduled function or a command stores between runs. */
export interface StoredValue<T> {
  /** Returns the value; undefined if none exists. */
  read(): Promise<T | undefined>
  write(value: T): Promise<void>
  /**
   * Stores the result of `change`. If the value was changed concurrently, `change` is called again with the
   * newer value. Resolves to the stored value.
   */
  update(change: (value: T | undefined) => T): Promise<T>
}

type Settings = GeneralSettings & KafkaSettings & RedisSettings

/** Connections to Kafka and Redis, each opened on first use, and the stores that use them. */
export class Connections extends KafkaClients {
  readonly redis: () => Promise<RedisClient>
  readonly #env: string

  /**
   * Creates the connections.
   *
   * @param clientId name of the client in the broker's logs
   */
  constructor(config: Settings, clientId: string) {
    super(config, clientId)
    this.#env = config.env
    this.redis = once(async () => {
      const { RedisClient } = await import('../adapters/redis/client.ts')
      return this.register(new RedisClient(() => redisAccess(config)))
    })
  }

  async store(): Promise<StateStore> {
    return new RedisStateStore(await this.redis())
  }

  /** Returns access to the states for commands and new logs. The code is loaded on first use, because states are rarely replaced. */
  async states(): Promise<ReplaceableStates> {
    const { RedisReplaceableStates } = await import('../adapters/redis/replaceable-states.ts')
    return new RedisReplaceableStates(await this.redis())
  }

  async breaker(): Promise<CircuitBreaker> {
    return new RedisCircuitBreaker(await this.redis(), this.#env)
  }

  /** Returns the store for the cursors of forwarders. */
  async forwardCursors(): Promise<Cursors> {
    return new RedisForwardCursors(await this.redis())
  }

  async value<T>(name: string): Promise<StoredValue<T>> {
    return new RedisValue(await this.redis(), name)
  }

  /** Returns the text of an AWS parameter; empty if `name` is undefined. */
  async parameter(name: string | undefined): Promise<string> {
    return name ? readParameter(name) : ''
  }
}

async function redisAccess({ redis }: RedisSettings): Promise<RedisAccess> {
  const { username, password } = redis.secret ? await readSecret(redis.secret) : {}
  return {
    url: redis.url,
    mode: redis.mode,
    ...(username ? { username: String(username) } : {}),
    ...(password ? { password: String(password) } : {}),
  }
}
