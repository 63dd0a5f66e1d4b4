/** Puts failures of servers into words: which server, at which address, what it said, and what to do. Pure. */
import { Unavailable } from '../pipeline/errors.ts'

/** Meaning of an error, and what to do. The pattern is tried on the names, the codes and the message of the error. */
type Row = readonly [said: RegExp, happened: string, todo: string]

const CONTINUES = 'Everything continues by itself when that is over.'

const REDIS: readonly Row[] = [
  [
    /max number of clients/,
    'accepts no more connections',
    'Raise its maxclients, or end other clients: CLIENT LIST shows them.',
  ],
  [/NOAUTH/, 'requires a password', 'Set it in REDIS_URL, or in the secret of REDIS_SECRET.'],
  [
    /WRONGPASS|invalid password/,
    'does not accept the user or the password',
    'Correct them in REDIS_URL, or in the secret of REDIS_SECRET.',
  ],
  [/NOPERM/, 'does not permit this user a command', 'Set the ACL of the user: see docs/deployment.md#redis.'],
  [
    /\bDENIED\b/,
    'accepts clients of its own machine only',
    'Set a password there, or turn off protected-mode.',
  ],
  [/LOADING/, 'is still loading its data', CONTINUES],
  [/\bOOM\b/, 'has no memory left', 'Raise its maxmemory, or remove data of other applications.'],
  [/READONLY/, 'is a replica, which takes no writes', 'Set REDIS_URL to the primary server.'],
  [/MASTERDOWN/, 'is a replica without its primary server', 'Start the primary server.'],
  [/NOREPLICAS/, 'has too few replicas for a write', 'Start its replicas, or lower min-replicas-to-write.'],
  [/CLUSTERDOWN/, 'has hash slots without a node', 'Start the missing nodes: CLUSTER NODES shows them.'],
  [/TRYAGAIN/, 'is moving a hash slot', CONTINUES],
  [/MISCONF/, 'cannot save its data, so it takes no writes', 'Check its disk; its log has the reason.'],
  [/\bBUSY\b/, 'is busy with a long script', `${CONTINUES} SCRIPT KILL ends the script.`],
  [/\b(MOVED|ASK)\b/, 'is a cluster', 'Set REDIS_MODE to cluster.'],
  [/cluster support disabled/, 'is not a cluster', 'Remove REDIS_MODE.'],
]

const UNANSWERED = 'Start it ({start} on this machine), or correct {setting}.'

const KAFKA: readonly Row[] = [
  // The library reports some refused connections as closed ones.
  [/Closed connection|not connected/i, 'does not answer', UNANSWERED],
  [/LEADER/, 'has no leader for a partition', 'Start the missing brokers. An election takes seconds.'],
  [/NOT_ENOUGH_REPLICAS/, 'has too few replicas in sync for a write', 'Start the missing brokers.'],
  [/COORDINATOR|LOAD_IN_PROGRESS/i, 'is preparing its consumer groups', CONTINUES],
  [/KAFKA_STORAGE_ERROR/, 'cannot use a disk', 'Check the disks of the brokers; their logs have the reason.'],
  [/QUOTA/, 'limits this client', 'Raise its quota.'],
]

const REGISTRY: readonly Row[] = [
  [
    /answered 40[13]/,
    'does not accept the credentials',
    'Correct the secret of SCHEMA_REGISTRY_SECRET, or the permissions of its user.',
  ],
  [
    /answered (404|2)|not valid JSON|JSON input|has more than/,
    'is not a schema registry',
    'Correct SCHEMA_REGISTRY_URL: some registries need a path.',
  ],
  [/answered 429/, 'limits requests', CONTINUES],
  [/answered 5/, 'cannot serve requests', 'Check its log, and the proxy in front of it.'],
  [/answered/, 'refuses the request', 'Check its log.'],
]

const HISTORY: readonly Row[] = [
  [/NoSuchBucket/, 'does not exist', 'Create it, or set HISTORY_BUCKET to one that does.'],
  [
    /AccessDenied|Forbidden|SignatureDoesNotMatch|InvalidAccessKey|ExpiredToken/,
    'refuses access',
    'Check that it is in this account, and that the role may use it.',
  ],
  [
    /PermanentRedirect|AuthorizationHeaderMalformed/,
    'is in another region',
    'Set AWS_REGION to the region of the bucket.',
  ],
  [
    /Credentials|Token is expired/,
    'cannot be used without credentials',
    'Set AWS_PROFILE, or sign in again.',
  ],
  [/SlowDown|ServiceUnavailable/, 'limits requests', CONTINUES],
]

/** Failures of connections to any server. The last row fits every error. `{setting}` is the setting with the address. */
export const CONNECTION: readonly Row[] = [
  [
    /certificate|SELF_SIGNED|UNABLE_TO_|CERT_|ALTNAME/i,
    'has a certificate that is not accepted',
    'Name its authority in NODE_EXTRA_CA_CERTS, or use the host name of the certificate.',
  ],
  [
    /wrong version number|packet length|EPROTO|before secure TLS/i,
    'does not use TLS',
    'Enable TLS there, or use an address without TLS in {setting}.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'has an unknown host name', 'Correct {setting}, or the DNS of this network.'],
  [
    /tim(ed?|e-)[ _]?out|no answer|aborted/i,
    'does not answer in time',
    'Check its load, and the firewall or security group in between.',
  ],
  [
    /ECONNRESET|EPIPE|closed|hang up/i,
    'ended the connection',
    'Check its log: it may have restarted, accept no more clients, or require TLS.',
  ],
  [/EHOST|ENET/, 'cannot be reached', 'Check the network, and {setting}.'],
  [/(?:)/, 'does not answer', UNANSWERED],
]

interface Server {
  readonly title: string
  readonly setting: string
  readonly rows: readonly Row[]
  /** Command that starts a local one. */
  readonly start?: string
}

const SERVERS = {
  redis: { code: 'store-unavailable', title: 'Redis', setting: 'REDIS_URL', rows: REDIS },
  kafka: { code: 'broker-unavailable', title: 'Kafka', setting: 'KAFKA_BROKERS', rows: KAFKA },
  registry: {
    code: 'registry-unavailable',
    title: 'The schema registry',
    setting: 'SCHEMA_REGISTRY_URL',
    rows: REGISTRY,
    start: '`npm start -- --registry`',
  },
  history: { title: 'The history', setting: 'HISTORY_BUCKET', rows: HISTORY },
} as const

/** Parts of an error. Each client has others. */
interface ErrorParts extends Error {
  readonly code?: unknown
  readonly errors?: readonly unknown[]
  /** Name of an answer in Kafka's protocol. */
  readonly type?: unknown
  readonly broker?: unknown
  readonly address?: unknown
  readonly port?: unknown
  /** Address and answer of a schema registry. */
  readonly at?: string | undefined
  readonly said?: string | undefined
}

/** Words for a failure. Both are sentences, the first one without a full stop. */
export interface FailureWords {
  readonly happened: string
  readonly todo: string
}

/** Returns the words for a failure. They contain no password. @param at address of the server, unless the error names one */
export function describeServerFailure(server: keyof typeof SERVERS, error: unknown, at = ''): FailureWords {
  const { title, setting, rows, start = '`npm start`' }: Server = SERVERS[server]
  const parts = listParts(error)
  const {
    name,
    type,
    code,
    message,
    said = message,
  } = (parts.find(part => part.said) ?? parts.at(-1)) as ErrorParts
  const clue = [name, type, code, said].join(' ')
  const [, happened, todo] = [...rows, ...CONNECTION].find(([pattern]) => pattern.test(clue)) as Row
  const named = parts.map(part => part.at ?? part.broker).find(address => typeof address === 'string')
  const [socket] = parts.flatMap(({ address, port }) => (address ? `${address}:${port}` : []))
  const address = named ?? (at || socket)
  const words = (said || String(code ?? name))
    .replace(/^Connection error: |(?<=\/\/)[^@/\s]*@/g, '')
    .replace(/\p{Cc}+/gu, ' ')
  return {
    happened: `${title}${address ? ` at ${address}` : ''} ${happened}: ${words.replace(/[.\s]+$/, '')}`,
    todo: todo.replace('{setting}', setting).replace('{start}', start),
  }
}

/** Returns the error for a server that cannot be used at present, with the words for it. */
export function serverUnavailable(
  server: Exclude<keyof typeof SERVERS, 'history'>,
  error: unknown,
  at?: string,
): Unavailable {
  const { happened, todo } = describeServerFailure(server, error, at)
  return new Unavailable(SERVERS[server].code, happened, { cause: error, todo })
}

/** Returns the error and its causes, the most specific one last. Clients wrap errors, and Node.js those of several addresses. */
function listParts(error: unknown): ErrorParts[] {
  const { cause, errors } = error as ErrorParts
  const inner = cause instanceof Error ? cause : errors?.[0]
  return [error as ErrorParts, ...(inner instanceof Error ? listParts(inner) : [])]
}
