/** How the client library is told to connect: to one server, or to a cluster. */
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis'
import { describeAddress, parseRedisUrl, type RedisAddress } from './address.ts'

export interface RedisSettings {
  /** See `parseRedisUrl`. */
  readonly url: string
  /** A cluster tells by itself where its nodes are; a single server is taken for one only where this says so. */
  readonly mode?: 'single' | 'cluster'
  /** These go before the URL's. */
  readonly username?: string
  readonly password?: string
  readonly commandTimeoutMs?: number
}

export interface Connection {
  readonly redis: Redis | Cluster
  /** Hosts and ports: never the whole URL, which may hold a password. */
  readonly address: string
  readonly commandTimeoutMs: number
  /** Whether what is silent is replaced in here, node by node, while the others go on. */
  readonly healsItself: boolean
  /** The commands that fail of a lost connection say only that they were tried in vain; this says why. */
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

/** What the library says of every command of a lost connection: not why it is lost. */
const CONNECTION_CLOSED = 'Connection is closed.'

/** What holds for each connection to a server. */
type NodeOptions = Pick<CommonRedisOptions, 'username' | 'password' | 'connectTimeout'> & { tls?: object }

function single({ hosts: [host], database }: RedisAddress, options: NodeOptions): Redis {
  return new Redis({
    ...options,
    ...host,
    db: database,
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    retryStrategy: attempt => Math.min(50 * 2 ** attempt, 1_000),
  })
}

/**
 * The library follows MOVED and ASK, and tries again where a node is lost, taken over, or handing over a slot. So a command
 * may arrive twice, or after its time: that does no harm, for a commit names the version that it is based on.
 */
function cluster({ hosts }: RedisAddress, options: NodeOptions, commandTimeoutMs: number): Cluster {
  // All attempts end before the time for the command does, so that it can be told of what they failed.
  const attempts = 16
  const retryMs = commandTimeoutMs / (attempts + 4)
  // A silent node loses its connection before that, too: another is asked, and the next command is not given to it.
  const silenceMs = commandTimeoutMs * 0.8
  const redis = new Cluster([...hosts], {
    redisOptions: { ...options, socketTimeout: silenceMs },
    slotsRefreshTimeout: silenceMs,
    lazyConnect: true,
    maxRedirections: attempts,
    retryDelayOnFailover: retryMs,
    retryDelayOnClusterDown: retryMs,
    retryDelayOnTryAgain: retryMs,
    // Host names go as they are to each connection: the certificates of a managed cluster are for names.
    dnsLookup: (host, found) => found(null, host),
    // Each command tells by itself whether its slot is served, and slots that are go on beside one that is not.
    enableReadyCheck: false,
    // It ends where no node answers: the next one is made of settings that are read anew.
    clusterRetryStrategy: null,
  })
  // The nodes are looked for over connections whose errors the library keeps to itself: this one tells them.
  redis.once('+node', (first: Redis) => first.connect().catch(() => {}))
  return redis
}

function credentialsOf({ username, password }: Pick<RedisSettings, 'username' | 'password'>) {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}
