/** Client for Redis or Valkey. Only this folder uses the client library. */

import type { RedisCommander } from 'ioredis'
import { Unavailable } from '../../pipeline/errors.ts'
import { within } from '../../waiting/index.ts'
import { serverUnavailable } from '../server-failure.ts'
import { type Connection, connect, type RedisSettings } from './connection.ts'
import type { Script } from './scripts.ts'

export type { RedisSettings } from './connection.ts'

/** Commands that both a single server and a cluster support. */
type Commands = RedisCommander<{ type: 'default'; mapping: 'resp2' }>

/**
 * Idle time after which a connection is replaced, in milliseconds. Networks drop connections that are idle
 * for 350 seconds, and a frozen process does not notice that its connection has ended.
 */
const TRUSTED_FOR_MS = 300_000

/** Client of a single server, for commands without a key. */
export interface RedisServerClient {
  /** Host and port of the server. */
  readonly address: string
  run<T>(command: (redis: Commands) => Promise<T>): Promise<T>
}

/**
 * Client that reports `Unavailable` quickly whenever it cannot reach the server, so that records wait in Kafka rather than in
 * memory. The connection is replaced if it no longer responds (for example, after a freeze), if the password has changed, or if the
 * server is no longer the primary.
 */
export class RedisClient {
  readonly #settings: () => Promise<RedisSettings>
  #connection: Promise<Connection> | undefined
  #usedAtMs = 0
  #isClosed = false

  /**
   * Creates a client that connects with the first command.
   *
   * @param settings settings, or a function that reads the settings for each new connection
   */
  constructor(settings: RedisSettings | (() => Promise<RedisSettings>)) {
    this.#settings = typeof settings === 'function' ? settings : async () => settings
  }

  /** Runs commands of the library. In a cluster, all commands must concern the same partition state. Replies are text. */
  async run<T>(command: (redis: Commands) => Promise<T>): Promise<T> {
    const connecting = this.#getConnection()
    const connection = await connecting
    const beganAtMs = Date.now()
    try {
      return await awaitReply(connection.commandTimeoutMs, command(connection.redis))
    } catch (error) {
      if (isBug(error)) throw error
      const failure = toFailure(error as Error)
      if (isLost(connection, failure)) this.#replace(connecting)
      throw toRedisError(connection, failure, beganAtMs)
    }
  }

  /** Runs a script by its hash, or by its text if the server has not loaded it. Replies contain Buffers. */
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

  /** Returns the keys that match a pattern, on every node of a cluster, page by page. A key may be returned twice. */
  async *keys(pattern: string): AsyncGenerator<string> {
    for (const { run } of await this.servers()) {
      let cursor = '0'
      do {
        const [next, page] = await run(redis => redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000))
        yield* page
        cursor = next
      } while (cursor !== '0')
    }
  }

  /** Returns the servers that accept writes: a single server, or the primaries of a cluster. */
  async servers(): Promise<readonly RedisServerClient[]> {
    // The nodes of a cluster are known only after connecting.
    await this.run(redis => redis.ping())
    const { redis, address } = await this.#getConnection()
    if (!('nodes' in redis)) return [{ address, run: command => this.run(command) }]
    return redis.nodes('master').map(node => {
      const { host = '', port = 0 } = node.options
      return { address: `${host}:${port}`, run: command => this.run(() => command(node)) }
    })
  }

  /** Closes the client. Later commands fail with `Unavailable`. */
  close(): void {
    this.#isClosed = true
    this.#drop()
  }

  #drop(): void {
    const connection = this.#connection
    this.#connection = undefined
    void connection?.then(({ redis }) => redis.disconnect()).catch(() => {})
  }

  #getConnection(): Promise<Connection> {
    if (this.#isClosed) throw new Unavailable('store-unavailable', 'the connection to Redis was closed')
    const nowMs = Date.now()
    if (nowMs - this.#usedAtMs > TRUSTED_FOR_MS) this.#drop()
    this.#usedAtMs = nowMs
    this.#connection ??= this.#connect()
    return this.#connection
  }

  #connect(): Promise<Connection> {
    const connecting = this.#settings().then(connect, error => {
      throw new Unavailable('store-unavailable', (error as Error).message, { cause: error })
    })
    // Do not close a connection that has ended, because the library would then keep its pending commands.
    const forget = () => {
      if (this.#connection === connecting) this.#connection = undefined
    }
    connecting.then(({ redis }) => redis.once('end', forget), forget)
    return connecting
  }

  /** Replaces a connection. If several commands fail on the same connection, it is replaced only once. */
  #replace(connection: Promise<Connection>): void {
    if (this.#connection === connection) this.#drop()
  }
}

/** Error replies after which a new connection may succeed, with a new password or to the new primary. */
const ELSEWHERE = /^(NOAUTH|WRONGPASS|NOPERM|READONLY|MASTERDOWN|NOREPLICAS)\b/
/** Error replies that are temporary or concern the connection. Any other error reply is thrown as an error of the command. */
const NOT_NOW =
  /^(NOAUTH|WRONGPASS|NOPERM|MOVED|ASK|LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|MISCONF|OOM|BUSY|DENIED|ERR max number of clients)\b/

/** Returns true for errors that neither server nor network can cause. These must not be reported as temporary. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some(kind => error instanceof kind)
}

/** Known properties of an error of the library. No other properties are logged, see `toRedisError`. */
interface Failure {
  readonly name: string
  readonly code: string | undefined
  readonly isReply: boolean
  readonly isSilence: boolean
  readonly message: string
}

/**
 * Prefix with which Redis before 7.0 wraps the error of a command in a script: `ERR Error running script (…):
 * -READONLY …`.
 */
const WRAPPING = /^ERR Error running script .*?: -(?=[A-Z]+ )/

function toFailure(error: NodeJS.ErrnoException): Failure {
  return {
    name: error.name,
    code: error.code,
    isReply: error.name === 'ReplyError',
    isSilence: error.name === NO_ANSWER,
    message: error.message.replace(WRAPPING, ''),
  }
}

/** Returns true if later commands need a new connection. */
function isLost({ healsItself }: Connection, { isSilence, message }: Failure): boolean {
  return (isSilence && !healsItself) || ELSEWHERE.test(message)
}

/**
 * Returns the error for the caller. The library's errors contain the command with all its arguments, such as
 * a password or states, so only their name and message are passed on.
 */
function toRedisError(connection: Connection, failure: Failure, beganAtMs: number): Error {
  const { address, lastError, redis } = connection
  const { isReply, message } = failure
  const isCause = lastError && (lastError.atMs >= beganAtMs || redis.status !== 'ready')
  const actualError = !isReply && isCause ? lastError : failure
  const cause = createCause(actualError)
  if (isReply && !NOT_NOW.test(message))
    return new Error(`Redis at ${address} refuses a command: ${message}`, { cause })
  return serverUnavailable('redis', cause, address)
}

function createCause({ name, code, message }: Pick<Failure, 'name' | 'code' | 'message'>): Error {
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) })
}

const NO_ANSWER = 'NoAnswer'

/** Number of intervals into which the wait for a reply is divided, so that a pause of this process is not taken for one of the server. */
const INTERVALS = 4

/** Limits the time of a command, because the library's own limit does not apply while it discovers the nodes of a cluster. */
function awaitReply<T>(ms: number, reply: Promise<T>): Promise<T> {
  const createError = () => Object.assign(new Error(`no answer within ${ms} ms`), { name: NO_ANSWER })
  return within(ms, reply, createError, INTERVALS)
}
