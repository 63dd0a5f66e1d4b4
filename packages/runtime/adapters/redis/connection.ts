/** Configures the client library's connection to one server or to a cluster. */
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis'
import { describeAddress, parseRedisUrl, type RedisAddress } from './address.ts'

export interface RedisSettings {
  /** See `parseRedisUrl`. */
  readonly url: string
  /** A cluster reports its nodes itself; a server is treated as a cluster only if this says so. */
  readonly mode?: 'single' | 'cluster'
  /** These take precedence over the URL's. */
  readonly username?: string
  readonly password?: string
  readonly commandTimeoutMs?: number
}

export interface Connection {
  readonly redis: Redis | Cluster
  /** Hosts and ports; never the whole URL, which may contain a password. */
  readonly address: string
  readonly commandTimeoutMs: number
  /** Whether the library itself replaces silent connections, node by node, while the other nodes stay in use. */
  readonly healsItself: boolean
  /** Commands on a lost connection fail without a cause; this returns it. */
  lastError: ConnectionError | undefined
}

/** Why a connection was lost, or could not be made. */
interface ConnectionError {
  readonly name: string
  readonly code: string | undefined
  readonly message: string
  readonly atMs: number
}

/** Connects when the first command is run. */
export function connect(settings: RedisSettings): Connection {
  const { url, mode = 'single', commandTimeoutMs = 2_000 } = settings
  const address = parseRedisUrl(url)
  if (!address) throw new Error('the URL of Redis is not of the form redis://host:port')
  const options: NodeOptions = {
    ...credentialsOf({ ...address, ...settings }),
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
    connection.lastError = { name, code, message: where + message, atMs: Date.now() }
  }
  redis.on('node error', (error: Error, node: string) => note(error, `${node}: `))
  redis.on('error', (error: Error) => {
    // A cluster's own says no more than that all its nodes had one.
    if (!isCluster) note(error)
  })
  return connection
}

/** The library's error for every command on a lost connection; it does not say why the connection was lost. */
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

/** Commands of one turn of the event loop that are larger than this together leave at once, so that the server can begin. */
const TOGETHER_BYTES = 8 * 1024

/**
 * Lets small commands of one turn of the event loop leave in one write: the partitions of a batch ask at the same moment, and a write
 * of the system costs more than what is in it.
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
 * The library follows MOVED and ASK, and retries if a node is lost, has failed over, or is handing over a hash slot. So a
 * command may arrive twice or late. That does no harm: a commit names the version on which it is based.
 */
function cluster({ hosts }: RedisAddress, options: NodeOptions, commandTimeoutMs: number): Cluster {
  // All attempts end before the command's timeout, so that their error can be reported.
  const attempts = 16
  const retryMs = commandTimeoutMs / (attempts + 4)
  // A silent node loses its connection even earlier: another is asked, and the next command goes elsewhere.
  const silenceMs = commandTimeoutMs * 0.8
  const redis = new Cluster([...hosts], {
    redisOptions: { ...options, socketTimeout: silenceMs },
    slotsRefreshTimeout: silenceMs,
    lazyConnect: true,
    maxRedirections: attempts,
    retryDelayOnFailover: retryMs,
    retryDelayOnClusterDown: retryMs,
    retryDelayOnTryAgain: retryMs,
    // Pass host names to each connection unresolved: the certificates of a managed cluster are issued for names.
    dnsLookup: (host, found) => found(null, host),
    // Each command finds out whether its hash slot is served; served slots continue while another is not.
    enableReadyCheck: false,
    // The client ends if no node answers; the next one is created with settings that are read anew.
    clusterRetryStrategy: null,
  })
  // The library hides errors of the connections on which it looks for nodes: this listener reports them.
  redis.once('+node', (first: Redis) => first.connect().catch(() => {}))
  redis.on('+node', writeTogether)
  return redis
}

function credentialsOf({ username, password }: Pick<RedisSettings, 'username' | 'password'>) {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}
