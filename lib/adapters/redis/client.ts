/** The connection to Redis or Valkey. Only this folder knows the client library. */
import { Redis } from 'ioredis'
import { Unavailable } from '../../pipeline/ports.ts'
import type { Script } from './scripts.ts'

export interface RedisSettings {
  /** `redis://` or `rediss://`, with user, password and database as usual. */
  readonly url: string
  readonly username?: string
  readonly password?: string
  readonly commandTimeoutMs?: number
}

/** A client whose every failure to reach the server is `Unavailable`, soon: the records wait in Kafka, not in memory. */
export class RedisClient {
  readonly #redis: Redis

  constructor({ url, username, password, commandTimeoutMs = 2_000 }: RedisSettings) {
    this.#redis = new Redis(url, {
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      connectTimeout: commandTimeoutMs,
      commandTimeout: commandTimeoutMs,
      maxRetriesPerRequest: 1,
      retryStrategy: attempt => Math.min(50 * 2 ** attempt, 1_000),
      lazyConnect: true,
    })
    // Without a listener the library prints each failed reconnect; the commands that fail of it report it.
    this.#redis.on('error', () => {})
  }

  /** Runs a command that the library knows; replies are text. */
  run<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    return command(this.#redis).catch(unavailable)
  }

  /** Runs a script by its hash, or by its text where the server has not seen it; replies hold Buffers. */
  async eval(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    try {
      return await this.#redis.callBuffer('EVALSHA', script.sha1, keys.length, ...keys, ...args)
    } catch (error) {
      if (!String((error as Error).message).startsWith('NOSCRIPT')) return unavailable(error)
      return this.#redis.callBuffer('EVAL', script.lua, keys.length, ...keys, ...args).catch(unavailable)
    }
  }

  close(): void {
    this.#redis.disconnect()
  }
}

/**
 * A reply that is an error of the script or the command is a bug and stays what it is; everything else, and a server that
 * is loading, failing over or read-only, means: not now.
 */
function unavailable(error: unknown): never {
  const { name, message } = error as Error
  const transient =
    /^(NOAUTH|WRONGPASS|NOPERM|LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|MISCONF|OOM|BUSY)\b/.test(
      message,
    )
  if (name === 'ReplyError' && !transient) throw error
  throw new Unavailable('store-unavailable', `Redis did not answer: ${message}`, { cause: error })
}
