/** Redis or Valkey: does it keep what it is given, and may the functions use it? Pure. */
import type { RedisFacts, RedisServer, Standards } from '../facts.ts'
import { about, type Finding } from '../finding.ts'

const OLDEST = [6, 2] as const
const FULL = 0.8
const NO_INFO = 'It takes the command INFO: docs/deployment.md#redis has the permissions.'

export function redisFindings(facts: RedisFacts, standards: Standards): Finding[] {
  const { address, servers } = facts
  const reached = about('redis', 'reached', address)
  if ('unseen' in servers)
    return [
      reached.wrong(
        servers.unseen,
        'Is it running, and is it reached from here? See docs/troubleshooting.md.',
      ),
      redisEncryptionFinding(facts, standards),
      about('redis', 'eviction', address).unknown('Redis was not seen'),
    ]
  const count = servers.seen.length
  return [
    reached.ok(count === 1 ? 'answers' : `answers with ${count} servers`),
    redisEncryptionFinding(facts, standards),
    permissionsFinding(facts),
    ...servers.seen.flatMap(server => [
      versionFinding(server),
      evictionFinding(server),
      evictedFinding(server),
      memoryFinding(server),
      modeFinding(facts, server),
      copiesFinding(facts, server, standards),
    ]),
  ]
}

function redisEncryptionFinding({ address, encrypted }: RedisFacts, { isLocal }: Standards): Finding {
  const { ok, wrong } = about('redis', 'encryption', address)
  if (encrypted) return ok('is reached by TLS')
  return isLocal
    ? ok('is reached in plain text, on this machine')
    : wrong(
        'states and the password cross the network in plain text',
        'Use rediss:// in REDIS_URL, and turn on TLS of the cache.',
      )
}

/**
 * Keys of Sluice have no time to live, so policies that take only keys with one take none of them: they are as `noeviction`. An
 * ElastiCache Serverless cache has `volatile-lru`, which cannot be changed there. INFO tells the policy where CONFIG is forbidden.
 */
export function evictionFinding({ address, info }: RedisServer): Finding {
  const { ok, wrong, unknown } = about('redis', 'eviction', address)
  if ('unseen' in info) return unknown(info.unseen, NO_INFO)
  const policy = info.seen.maxmemory_policy
  if (policy === undefined)
    return unknown(
      'the server does not tell maxmemory-policy',
      'Look at the parameter group of the cache: it must not be allkeys-….',
    )
  if (policy === 'noeviction') return ok('maxmemory-policy=noeviction')
  if (policy.startsWith('volatile-'))
    return ok(`maxmemory-policy=${policy} takes only keys with a time to live, and those of Sluice have none`)
  return wrong(
    `maxmemory-policy=${policy}, must be noeviction: when its memory is full, the server removes states, and alerts and statistics are wrong without an error`,
    'CONFIG SET maxmemory-policy noeviction, or the parameter group of the cache.',
  )
}

function evictedFinding({ address, info }: RedisServer): Finding {
  const { ok, wrong, unknown } = about('redis', 'evicted', address)
  if ('unseen' in info) return unknown(info.unseen, NO_INFO)
  const evicted = info.seen.evicted_keys
  if (evicted === undefined) return unknown('the server does not tell how many keys it has evicted')
  return evicted === '0'
    ? ok('has evicted no key')
    : wrong(
        `has evicted ${evicted} keys since it started`,
        'Other keys may have been theirs. A consumer that finds a state incomplete stops with state-evicted: docs/guarantees.md.',
      )
}

function memoryFinding({ address, info }: RedisServer): Finding {
  const { ok, wrong, unknown } = about('redis', 'memory', address)
  if ('unseen' in info) return unknown(info.unseen, NO_INFO)
  const [used, most] = [Number(info.seen.used_memory), Number(info.seen.maxmemory ?? 0)]
  if (!Number.isFinite(used)) return unknown('the server does not tell how much memory it uses')
  if (most === 0) return ok(`uses ${mebibytes(used)}, without a limit of its own`)
  const share = used / most
  const said = `uses ${mebibytes(used)} of ${mebibytes(most)} (${Math.round(share * 100)} %)`
  return share <= FULL
    ? ok(said)
    : wrong(
        said,
        'Give it more memory: when it is full, commits are refused and records wait in Kafka. `sluice state list` shows what uses it.',
      )
}

function versionFinding({ address, info }: RedisServer): Finding {
  const { ok, wrong, unknown } = about('redis', 'version', address)
  if ('unseen' in info) return unknown(info.unseen, NO_INFO)
  const { valkey_version: valkey, redis_version: redis } = info.seen
  const version = valkey ?? redis
  if (version === undefined) return unknown('the server does not tell its version')
  const name = `${valkey === undefined ? 'Redis' : 'Valkey'} ${version}`
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
  return isNew ? ok(name) : wrong(`${name} is too old`, 'Use Redis 6.2 or later, or Valkey.')
}

function modeFinding({ mode }: RedisFacts, { address, info }: RedisServer): Finding {
  const { ok, wrong, unknown } = about('redis', 'mode', address)
  if ('unseen' in info) return unknown(info.unseen, NO_INFO)
  const enabled = info.seen.cluster_enabled
  if (enabled === undefined) return unknown('the server does not tell whether it is a cluster')
  const isCluster = enabled === '1'
  if (isCluster === (mode === 'cluster'))
    return ok(isCluster ? 'a cluster, as REDIS_MODE says' : 'a single server')
  return isCluster
    ? wrong('is a cluster', 'Set REDIS_MODE=cluster.')
    : wrong('is a single server', 'Remove REDIS_MODE=cluster.')
}

/** Redis may forget: then a checkpoint, a copy or the log must have what is lost. */
function copiesFinding(
  { hasCheckpoints }: RedisFacts,
  { address, info }: RedisServer,
  { isLocal }: Standards,
): Finding {
  const { ok, wrong, unknown } = about('redis', 'copies', address)
  if (isLocal) return ok('on this machine: what it loses is read from Kafka again')
  if (hasCheckpoints) return ok('checkpoints are kept (CHECKPOINT_BUCKET)')
  if ('unseen' in info) return unknown(info.unseen, NO_INFO)
  const replicas = Number(info.seen.connected_slaves ?? 0)
  if (replicas > 0) return ok(`${replicas === 1 ? '1 replica' : `${replicas} replicas`}`)
  return wrong(
    'no replica is connected, and no checkpoints are kept: a lost server means reading every topic from its start',
    'Add a replica, or set CHECKPOINT_BUCKET.',
  )
}

function permissionsFinding({ address, refused }: RedisFacts): Finding {
  const { ok, wrong, unknown } = about('redis', 'permissions', address)
  if ('unseen' in refused) return unknown(refused.unseen)
  return refused.seen.length === 0
    ? ok('the user may run the commands and scripts of the functions')
    : wrong(
        `the user is refused: ${refused.seen.join('; ')}`,
        'docs/deployment.md#redis has the ACL of the user.',
      )
}

function mebibytes(bytes: number): string {
  return `${Number((bytes / 1024 / 1024).toFixed(1))} MiB`
}
