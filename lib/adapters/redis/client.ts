/** The client of Redis or Valkey. Only this folder knows the client library. */
import type { RedisCommander } from 'ioredis'
import { Unavailable } from '../../pipeline/ports.ts'
import { type Connection, connect, type RedisSettings } from './connection.ts'
import type { Script } from './scripts.ts'

export type { RedisSettings } from './connection.ts'

/** The commands that a single server and a cluster have in common. */
type Commands = RedisCommander<{ type: 'default'; mapping: 'resp2' }>

/**
 * After so long a rest a connection is not trusted but replaced, for a frozen process does not see it end: networks forget
 * connections that are silent for 350 seconds.
 */
const TRUSTED_FOR_MS = 300_000

/**
 * A client whose every failure to reach the server is `Unavailable`, soon: the records wait in Kafka, not in memory. A
 * connection that no longer answers, as after a freeze, one whose password has changed, and one to a server that is no
 * longer the primary, is replaced by a new one.
 */
export class RedisClient {
  readonly #settings: () => Promise<RedisSettings>
  #connection: Promise<Connection> | undefined
  #usedAtMs = 0

  /** @param settings as they are, or where to read them: asked anew for each new connection */
  constructor(settings: RedisSettings | (() => Promise<RedisSettings>)) {
    this.#settings = typeof settings === 'function' ? settings : async () => settings
  }

  /** Runs commands that the library knows, of one slot where the server is a cluster; replies are text. */
  async run<T>(command: (redis: Commands) => Promise<T>): Promise<T> {
    const connecting = this.#connected()
    const connection = await connecting
    const beganAtMs = Date.now()
    try {
      return await within(connection.commandTimeoutMs, command(connection.redis))
    } catch (error) {
      if (isBug(error)) throw error
      const failure = unwrapped(error as Error)
      if (isLost(connection, failure)) this.#replace(connecting)
      throw failureOf(connection, failure, beganAtMs)
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
    const nowMs = Date.now()
    if (nowMs - this.#usedAtMs > TRUSTED_FOR_MS) this.close()
    this.#usedAtMs = nowMs
    this.#connection ??= this.#connect()
    return this.#connection
  }

  #connect(): Promise<Connection> {
    const connecting = this.#settings().then(connect, error => {
      throw new Unavailable('store-unavailable', (error as Error).message, { cause: error })
    })
    // What has ended is not to be closed: the library would then keep the commands that it still has.
    const forget = () => {
      if (this.#connection === connecting) this.#connection = undefined
    }
    connecting.then(({ redis }) => redis.once('end', forget), forget)
    return connecting
  }

  /** Several commands may fail of the same connection: the first makes way for a new one. */
  #replace(connection: Promise<Connection>): void {
    if (this.#connection === connection) this.close()
  }
}

/** Replies after which another connection may go better: with a new password, or to who has become the primary. */
const ELSEWHERE = /^(NOAUTH|WRONGPASS|NOPERM|READONLY)\b/
/** What only the client of a single server is told: that of a cluster goes where it is sent. */
const REDIRECTED = /^(MOVED|ASK)\b/
/** Replies that are errors and yet mean: not now, or not here. Any other is a fault of the command, and stays one. */
const NOT_NOW =
  /^(NOAUTH|WRONGPASS|NOPERM|MOVED|ASK|LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|MISCONF|OOM|BUSY)\b/

/** What no server and no network brings about: it must not look as if waiting would help. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some(kind => error instanceof kind)
}

/** What is known of an error of the library: no more than this goes anywhere, see `failureOf`. */
interface Failure {
  readonly name: string
  readonly code: string | undefined
  readonly isReply: boolean
  readonly isSilence: boolean
  readonly message: string
}

/** Redis before 7.0 wraps the error that a script's command has met: `ERR Error running script (…): -READONLY …`. */
const WRAPPING = /^ERR Error running script .*?: -(?=[A-Z]+ )/

function unwrapped(error: NodeJS.ErrnoException): Failure {
  return {
    name: error.name,
    code: error.code,
    isReply: error.name === 'ReplyError',
    isSilence: error instanceof NoAnswer,
    message: error.message.replace(WRAPPING, ''),
  }
}

/** Whether later commands should have another connection. */
function isLost({ healsItself }: Connection, { isSilence, message }: Failure): boolean {
  return (isSilence && !healsItself) || ELSEWHERE.test(message)
}

/**
 * What the caller is told. The library's own errors carry the command with all its arguments, a password or states among
 * them: nothing of them goes further than name and message.
 */
function failureOf({ address, lastError }: Connection, failure: Failure, beganAtMs: number): Error {
  const { isReply, message } = failure
  const known = !isReply && lastError && lastError.atMs >= beganAtMs ? lastError : failure
  const options = { cause: causeOf(known) }
  if (isReply && !NOT_NOW.test(message)) return new Error(`Redis refuses a command: ${message}`, options)
  const hint = REDIRECTED.test(message) ? ': it is a cluster, so REDIS_MODE must be cluster' : ''
  return new Unavailable(
    'store-unavailable',
    `Redis at ${address} does not answer: ${known.message}${hint}`,
    options,
  )
}

function causeOf({ name, code, message }: Pick<Failure, 'name' | 'code' | 'message'>): Error {
  return Object.assign(new Error(message), { name, ...(code === undefined ? {} : { code }) })
}

class NoAnswer extends Error {}

/** Of a single server and of a cluster alike: the library's own limit does not hold while a cluster is looked for. */
function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${ms} ms`)), ms)
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer))
}
