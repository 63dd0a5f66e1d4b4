/** Configures the client library's connection to one server or to a cluster. */
import { createConnection } from 'node:net'
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis'
import { describeAddress, parseRedisUrl, type RedisAddress } from './address.ts'

export interface RedisSettings {
  /** URL of the server or cluster, see `parseRedisUrl`. */
  readonly url: string
  /** Type of the server; a single server by default. The nodes of a cluster are discovered automatically. */
  readonly mode?: 'single' | 'cluster'
  /** User name and password, which take precedence over the credentials in the URL. */
  readonly username?: string
  readonly password?: string
  readonly commandTimeoutMs?: number
}

export interface Connection {
  readonly redis: Redis | Cluster
  /** Hosts and ports, without the rest of the URL, which may contain a password. */
  readonly address: string
  readonly commandTimeoutMs: number
  /** True if the library itself replaces unresponsive connections, node by node, while other nodes remain in use. */
  readonly healsItself: boolean
  /** Last error of the connection. It is stored because commands on a lost connection fail without a cause. */
  lastError: ConnectionError | undefined
}

/** Error that ended a connection or prevented it. */
interface ConnectionError {
  readonly name: string
  readonly code: string | undefined
  readonly message: string
  readonly atMs: number
}

/** Creates a connection that is opened by the first command. */
export function connect(settings: RedisSettings): Connection {
  const { url, mode = 'single', commandTimeoutMs = 2_000 } = settings
  const address = parseRedisUrl(url)
  if (!address) throw new Error('the URL of Redis is not of the form redis://host:port')
  const options: NodeOptions = {
    ...pickCredentials({ ...address, ...settings }),
    ...(address.tls ? { tls: {} } : {}),
    connectTimeout: commandTimeoutMs,
  }
  const isCluster = mode === 'cluster'
  const redis = isCluster ? cluster(address, options, commandTimeoutMs) : single(address, options)
  const connection: Connection = {
    redis,
    address: describeAddress(address),
    commandTimeoutMs,
    healsItself: isCluster,
    lastError: undefined,
  }
  const note = ({ name, code, message }: NodeJS.ErrnoException, where = '') => {
    if (message === CONNECTION_CLOSED) return
    const { lastError } = connection
    connection.lastError = { name, code, message: where + (message || code), atMs: Date.now() }
    // A server that refuses connections says why, and some sockets report only their end.
    if (lastError?.name === REFUSED && ENDED.test(`${code}`))
      connection.lastError = { ...lastError, atMs: Date.now() }
  }
  const watch = (client: Redis, where = '') => {
    client.on('ready', () => {
      if (connection.lastError?.name === REFUSED) connection.lastError = undefined
    })
    const noteRefusal = (said: string) => {
      const [, message] = REFUSAL.exec(said) ?? []
      if (message) note({ name: REFUSED, message }, where)
    }
    client.on('connect', () => {
      let said = ''
      client.stream.on('data', (bytes: Buffer) => {
        if (said.length < 200) said += bytes.toString('latin1', 0, 200)
      })
      client.stream.once('close', () => {
        if (said !== '') return noteRefusal(said)
        note({ name: 'Error', code: 'ECONNRESET', message: CLOSED }, where)
        listen(client, noteRefusal)
      })
    })
  }
  redis.on('node error', (error: Error, node: string) => note(error, `${node}: `))
  redis.on('error', (error: Error) => {
    // The error of a cluster does not contain the errors of its nodes, so it is not stored.
    if (!isCluster) note(error)
  })
  if (redis instanceof Cluster)
    redis.on('+node', (node: Redis) => watch(node, `${node.options.host}:${node.options.port}: `))
  else watch(redis)
  return connection
}

/** Listens without writing, because what a server says is lost if a write has failed before it was read. */
function listen(client: Redis, hear: (said: string) => void): void {
  const { host = '', port = 0, tls } = client.options
  if (tls || host === '') return
  const listener = createConnection({ host, port, timeout: LISTEN_MS }).unref()
  listener.once('data', bytes => hear(bytes.toString('latin1')))
  for (const end of ['data', 'error', 'timeout']) listener.once(end, () => listener.destroy())
}

const ENDED = /^(ECONNRESET|EPIPE)$/
/** Error with which a server greets and closes a connection, for example because it has too many. The library drops it. */
const REFUSAL = /^-([^\r\n]+)(?:\r\n)?$/
const REFUSED = 'ConnectionRefused'
const LISTEN_MS = 500
const CLOSED = 'it closed the connection without an answer'

/** Message of the library for every command on a lost connection. It does not contain the reason. */
const CONNECTION_CLOSED = 'Connection is closed.'

/** Options for each connection to a server. */
type NodeOptions = Pick<CommonRedisOptions, 'username' | 'password' | 'connectTimeout'> & { tls?: object }

function single({ hosts: [host], database }: RedisAddress, options: NodeOptions): Redis {
  const redis = new Redis({
    ...options,
    ...host,
    db: database,
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    retryStrategy: attempt => Math.min(50 * 2 ** attempt, 1_000),
  })
  writeTogether(redis)
  return redis
}

/**
 * Maximum size of the commands that are collected in one turn of the event loop, in bytes. Larger commands are sent immediately, so
 * that the server can begin.
 */
const TOGETHER_BYTES = 64 * 1024

/**
 * Sends small commands of one turn of the event loop in one write. The partitions of a batch send commands at
 * the same time, and a system call costs more than the data.
 */
function writeTogether(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    const leave = () => {
      if (stream.writableCorked > 0) stream.uncork()
    }
    stream.write = (...args: unknown[]) => {
      if (stream.writableCorked === 0) {
        stream.cork()
        process.nextTick(leave)
      }
      const isReady = write(...args)
      if (stream.writableLength > TOGETHER_BYTES) leave()
      return isReady
    }
  })
}

/**
 * Creates a connection to a cluster. The library follows MOVED and ASK, and retries if a node is lost, fails over, or migrates a
 * hash slot. A command may therefore arrive twice or late, which is harmless: a commit names the version on which it is based.
 */
function cluster({ hosts }: RedisAddress, options: NodeOptions, commandTimeoutMs: number): Cluster {
  // All attempts end before the command's timeout, so that their error can be reported.
  const attempts = 16
  const retryMs = commandTimeoutMs / (attempts + 4)
  // The connection to an unresponsive node is closed before the command times out. The client then discovers the nodes again, and
  // sends the next command to another node.
  const silenceMs = commandTimeoutMs * 0.8
  const redis = new Cluster([...hosts], {
    redisOptions: { ...options, socketTimeout: silenceMs },
    slotsRefreshTimeout: silenceMs,
    lazyConnect: true,
    maxRedirections: attempts,
    retryDelayOnFailover: retryMs,
    retryDelayOnClusterDown: retryMs,
    retryDelayOnTryAgain: retryMs,
    // Pass host names to connections unresolved, because the certificates of a managed cluster contain names.
    dnsLookup: (host, found) => found(null, host),
    // Without this check, commands succeed if their own hash slot is served, even if another slot is not.
    enableReadyCheck: false,
    // The client closes if no node responds. The settings are then read again for a new client.
    clusterRetryStrategy: null,
  })
  // The library hides errors of connections that discover nodes. This listener reports them.
  redis.once('+node', (first: Redis) => first.connect().catch(() => {}))
  redis.on('+node', writeTogether)
  return redis
}

function pickCredentials({ username, password }: Pick<RedisSettings, 'username' | 'password'>) {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}
