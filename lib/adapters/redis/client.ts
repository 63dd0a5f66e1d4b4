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

/**
 * A client whose every failure to reach the server is `Unavailable`, soon: the records wait in Kafka, not in memory. A
 * connection that no longer answers, as after a freeze, and one whose password has changed, is replaced by a new one.
 */
export class RedisClient {
  readonly #settings: () => Promise<RedisSettings>
  #connection: Promise<Connection> | undefined

  /** @param settings as they are, or where to read them: asked anew for each new connection */
  constructor(settings: RedisSettings | (() => Promise<RedisSettings>)) {
    this.#settings = typeof settings === 'function' ? settings : async () => settings
  }

  /** Runs a command that the library knows; replies are text. */
  async run<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    const connection = await this.#connected()
    try {
      return await command(connection.redis)
    } catch (error) {
      throw this.#failed(connection, error as Error)
    }
  }

  /** Runs a script by its hash, or by its text where the server has not seen it; replies hold Buffers. */
  async eval(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    return this.run(redis =>
      redis.callBuffer('EVALSHA', script.sha1, keys.length, ...keys, ...args).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error
        return redis.callBuffer('EVAL', script.lua, keys.length, ...keys, ...args)
      }),
    )
  }

  close(): void {
    const connection = this.#connection
    this.#connection = undefined
    void connection?.then(({ redis }) => redis.disconnect()).catch(() => {})
  }

  #connected(): Promise<Connection> {
    this.#connection ??= this.#settings().then(connect, error => {
      this.#connection = undefined
      throw new Unavailable('store-unavailable', (error as Error).message, { cause: error })
    })
    return this.#connection
  }

  /**
   * What the caller is told. The library's own errors carry the command with all its arguments, a password or states
   * among them: nothing of them goes further than name and message.
   */
  #failed(connection: Connection, { name, message }: Error): Error {
    if (name === 'ReplyError' && !NOT_NOW.test(message))
      return new Error(`Redis refuses a command: ${message}`)
    if (message === 'Command timed out' || SIGN_IN.test(message)) this.#drop(connection)
    const why = connection.lastError ?? message
    return new Unavailable('store-unavailable', `Redis at ${connection.address} does not answer: ${why}`)
  }

  #drop(connection: Connection): void {
    connection.redis.disconnect()
    // Several commands may fail of the same connection; the first has made way for a new one.
    void this.#connection?.then(current => {
      if (current === connection) this.#connection = undefined
    })
  }
}

interface Connection {
  readonly redis: Redis
  /** Host and port: never the whole URL, which may hold a password. */
  readonly address: string
  lastError: string | undefined
}

const SIGN_IN = /^(NOAUTH|WRONGPASS|NOPERM)\b/
/** Replies that are errors and yet mean: not now. Any other is a fault of the command, and stays one. */
const NOT_NOW =
  /^(NOAUTH|WRONGPASS|NOPERM|LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|MISCONF|OOM|BUSY)\b/

function connect({ url, username, password, commandTimeoutMs = 2_000 }: RedisSettings): Connection {
  const redis = new Redis(url, {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    connectTimeout: commandTimeoutMs,
    commandTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 1,
    retryStrategy: attempt => Math.min(50 * 2 ** attempt, 1_000),
    lazyConnect: true,
  })
  const connection: Connection = { redis, address: new URL(url).host, lastError: undefined }
  // The commands that fail of a lost connection say only that they were tried in vain; this says why.
  redis.on('error', (error: Error) => {
    connection.lastError = error.message
  })
  redis.on('ready', () => {
    connection.lastError = undefined
  })
  return connection
}
