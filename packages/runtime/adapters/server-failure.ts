/** Puts failures of servers into words: which server, at which address, what it said, and what to do. Pure. */
import { Unavailable } from '../pipeline/errors.ts'

/** Commands that start a server on this machine. */
const START = '`npm start` or `docker compose up`'

const SERVERS = {
  redis: ['store-unavailable', 'Redis', 'REDIS_URL', START],
  kafka: ['broker-unavailable', 'Kafka', 'KAFKA_BROKERS', START],
  registry: [
    'registry-unavailable',
    'The schema registry',
    'SCHEMA_REGISTRY_URL',
    '`npm start -- --registry` or `docker compose --profile registry up`',
  ],
  history: ['store-unavailable', 'The history', 'HISTORY_BUCKET', START],
} as const
export type ServerName = keyof typeof SERVERS

/** Failure: pattern of the names, codes and message of its error, what it means, and what to do. */
type FailureRow = readonly [said: RegExp, happened: string, todo: string]

/** Failures of each server, and of connections to any of them. The first row that fits is used; the last one fits every error. */
// biome-ignore format: a table
const ROWS: Readonly<Record<ServerName | 'any', readonly FailureRow[]>> = {
  redis: [
    [/max number of clients/, 'accepts no more connections', 'Raise its maxclients, or end other clients: CLIENT LIST shows them.'],
    [/NOAUTH/, 'requires a password', 'Set it in {setting}, or in the secret of REDIS_SECRET.'],
    [/WRONGPASS|invalid password/, 'does not accept the user or the password', 'Correct {setting}, or the secret of REDIS_SECRET.'],
    [/NOPERM/, 'does not permit this user a command', 'Set the ACL of the user: see docs/deployment.md#redis.'],
    [/\bDENIED\b/, 'accepts clients of its own machine only', 'Set a password there, or turn off protected-mode.'],
    [/LOADING/, 'is still loading its data', 'Everything continues by itself when that is over.'],
    [/\bOOM\b/, 'has no memory left', 'Raise its maxmemory, or remove data of other applications.'],
    [/READONLY/, 'is a replica, which takes no writes', 'Set {setting} to the primary server.'],
    [/MASTERDOWN/, 'is a replica without its primary server', 'Start the primary server.'],
    [/NOREPLICAS/, 'has too few replicas for a write', 'Start its replicas, or lower min-replicas-to-write.'],
    [/CLUSTERDOWN/, 'has hash slots without a node', 'Start the missing nodes: CLUSTER NODES shows them.'],
    [/TRYAGAIN/, 'is moving a hash slot', 'Everything continues by itself when that is over.'],
    [/MISCONF/, 'cannot save its data, so it takes no writes', 'Check its disk; its log has the reason.'],
    [/\bBUSY\b/, 'is busy with a long script', 'Everything continues by itself when that is over. SCRIPT KILL ends the script.'],
    [/\b(MOVED|ASK)\b/, 'is a cluster', 'Set REDIS_MODE to cluster.'],
    [/cluster support disabled/, 'is not a cluster', 'Remove REDIS_MODE.'],
  ],
  kafka: [
    [/advertised[.]listeners/, 'cannot be reached', 'Everything continues by itself after that.'],
    [/Closed connection|[Nn]ot connected/, 'does not answer', 'Start it ({start} on this machine), or correct {setting}.'],
    [/LEADER|no leader/, 'has no leader for a partition', 'Start the missing brokers. An election takes seconds.'],
    [/NOT_ENOUGH_REPLICAS/, 'has too few replicas in sync for a write', 'Start the missing brokers.'],
    [/COORDINATOR|Coordinator|LOAD_IN_PROGRESS/, 'is preparing its consumer groups', 'Everything continues by itself when that is over.'],
    [/KAFKA_STORAGE_ERROR/, 'cannot use a disk', 'Check the disks of the brokers; their logs have the reason.'],
    [/QUOTA/, 'limits this client', 'Raise its quota.'],
  ],
  registry: [
    [/answered 40[13]/, 'does not accept the credentials', "Correct the secret of SCHEMA_REGISTRY_SECRET, or its user's rights."],
    [/answered 429/, 'limits requests', 'Everything continues by itself when that is over.'],
    [/answered 5/, 'cannot serve requests', 'Check its log, and the proxy in front of it.'],
    [/answered (404|2)|JSON|has more than/, 'is not a schema registry', 'Correct {setting}: some registries need a path.'],
    [/answered/, 'refuses the request', 'Check its log.'],
  ],
  history: [
    [/NoSuchBucket/, 'does not exist', 'Create it, or set {setting} to one that does.'],
    [/AccessDenied|Forbidden|Signature|InvalidAccessKey/, 'refuses access', 'Check that it is in this account, and that the role may use it. Without s3:ListBucket, S3 refuses missing objects, too.'],
    [/PermanentRedirect|AuthorizationHeader/, 'is in another region', 'Set AWS_REGION to the region of the bucket.'],
    [/Credentials|Token/, 'cannot be used without credentials', 'Set AWS_PROFILE, or sign in again.'],
    [/SlowDown|ServiceUnavailable/, 'limits requests', 'Everything continues by itself when that is over.'],
  ],
  any: [
    [/client certificate/, 'does not accept this client', 'Renew the client certificate, or use one of an authority that the server knows.'],
    [/CERT_HAS_EXPIRED|(certificate|\d) has expired/, 'has a certificate that has expired', 'Renew it on the server.'],
    [/CERT_NOT_YET_VALID|certificate is not (yet valid|valid yet)/, 'has a certificate that is not valid yet', 'Check the clock of this machine, and the certificate of the server.'],
    [/certificate|SELF_SIGNED|UNABLE_TO_|CERT_|ALTNAME/, 'has a certificate that is not accepted', 'Name its authority in NODE_EXTRA_CA_CERTS, or use the host name of the certificate.'],
    [/wrong version number|packet length|EPROTO|before secure TLS/, 'does not use TLS', 'Enable TLS there, or use an address without TLS in {setting}.'],
    [/ENOTFOUND|EAI_AGAIN/, 'has an unknown host name', 'Correct {setting}, or the DNS of this network.'],
    [/[Tt]imeout|timed out|TIMEDOUT|TIMED_OUT|no answer|aborted/, 'does not answer in time', 'Check its load, and the firewall or security group in between.'],
    [/ECONNRESET|EPIPE|closed|hang up/, 'ended the connection', 'Check its log: it may have restarted, accept no more clients, or require TLS.'],
    [/EHOST|ENET/, 'cannot be reached', 'Check the network, and {setting}.'],
    [/(?:)/, 'does not answer', 'Start it ({start} on this machine), or correct {setting}.'],
  ],
}

/** Failures of connections to any server. */
export const CONNECTION_ROWS = ROWS.any

type ServerUnavailable = Unavailable & Required<Pick<Unavailable, 'words'>>

/** Parts of errors of the clients. A schema registry has its address and its answer as `at` and `said`. */
type ErrorParts = Error &
  Partial<Record<'code' | 'type' | 'broker' | 'address' | 'port' | 'at' | 'said', string>>

/** Returns the error for a server that cannot be used at present, in words. @param at address, unless the error names one */
export function serverUnavailable(server: ServerName, error: unknown, at?: string): ServerUnavailable {
  const [failureCode, title, setting, start] = SERVERS[server]
  const parts = listParts(error)
  const root = parts.find(part => part.said) ?? (parts.at(-1) as ErrorParts)
  const { name, type, code, message, said = message } = root
  const clue = [name, type, code, said].join(' ')
  const rows = [...ROWS[server], ...ROWS.any]
  const [, happened, todo] = rows.find(([said]) => said.test(clue)) as FailureRow
  const found = parts.map(({ at, broker }) => at ?? broker).find(address => address !== undefined)
  // The client of Kafka cannot have the colons of an IPv6 address.
  const named = found?.replace(/^\[.+\]/, host => host.replaceAll('_', ':'))
  const [socket] = parts.flatMap(({ address, port }) => (address ? `${address}:${port}` : []))
  const address = named ?? at ?? socket
  const secret = /^Connection error: |(?<=\/\/)[^@/\s]*@/g
  const answer = (said || code || name)
    .slice(0, 1_000)
    .replace(secret, '')
    .replace(/\p{Cc}+/gu, ' ')
  const where = address ? `${title} at ${address}` : title
  const words = {
    happened: `${where} ${happened}: ${answer.trim().replace(/\.$/, '')}`,
    todo: todo.replace('{setting}', setting).replace('{start}', start),
  }
  const sentences = `${words.happened}. ${words.todo}`
  return Object.assign(new Unavailable(failureCode, sentences, { cause: error }), { words })
}

/** Returns the error and its causes, the most specific one last. Clients wrap errors, and Node.js those of several addresses. */
function listParts(error: unknown): ErrorParts[] {
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: readonly unknown[] }
  const inner = cause instanceof Error ? cause : errors?.[0]
  return [error as ErrorParts, ...(inner instanceof Error ? listParts(inner) : [])]
}
