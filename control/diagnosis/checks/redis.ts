/** Checks that Redis or Valkey keeps its data and that the functions have the permissions they need. Pure. */

import type { ListedRebuild } from '#runtime/operating/states'
import { count } from '../../../lib/support/count.ts'
import type { RedisFacts, RedisServer, Standards } from '../facts.ts'
import { createFinding, type Finding, runChecks, unknown, wrong } from '../finding.ts'
import { NOT_REACHED } from './kafka.ts'

const OLDEST = [6, 2] as const
const FULL = 0.8
const NO_INFO = 'This check needs permission for the command INFO: see docs/deployment.md#redis.'

type Info = Readonly<Record<string, string>>

export function checkRedis(facts: RedisFacts, standards: Standards): Finding[] {
  const { address, servers, refused, rebuilds } = facts
  const encrypted = createFinding('redis', 'encryption', address, checkEncryption(facts, standards))
  if ('unseen' in servers)
    return [
      createFinding('redis', 'reached', address, wrong(servers.unseen, servers.todo ?? NOT_REACHED)),
      encrypted,
      createFinding('redis', 'eviction', address, unknown('Redis could not be checked')),
    ]
  const count = servers.seen.length
  return [
    createFinding('redis', 'reached', address, count === 1 ? 'answers' : `answers with ${count} servers`),
    encrypted,
    ...runChecks('redis', address, { permissions: checkPermissions }, refused),
    // Only operators may list keys.
    ...('seen' in rebuilds ? runChecks('redis', address, { rebuilds: checkRebuilds }, rebuilds) : []),
    ...servers.seen.flatMap(server => [
      ...runChecks(
        'redis',
        server.address,
        {
          version: checkVersion,
          eviction: checkEvictionPolicy,
          evicted: checkEvictedKeys,
          memory: checkMemory,
          clients: checkClients,
        },
        server.info,
        NO_INFO,
      ),
      ...runChecks('redis', server.address, { mode: info => checkMode(facts, info) }, server.info, NO_INFO),
      ...checkServerCopies(server, standards),
    ]),
  ]
}

function checkEncryption({ encrypted }: RedisFacts, { isLocal }: Standards) {
  if (encrypted) return 'is reached by TLS'
  if (isLocal) return 'is reached in plain text, on this machine'
  return wrong(
    'states and the password cross the network in plain text',
    'Use rediss:// in REDIS_URL, and enable TLS for the cache.',
  )
}

function checkPermissions(refused: readonly string[]) {
  if (refused.length === 0) return 'the user may run the commands and scripts of the functions'
  return wrong(
    `the user is refused: ${refused.join('; ')}`,
    'Set the ACL of the user: see docs/deployment.md#redis.',
  )
}

/** Checks that no command has left states beside the live ones. They take memory until they are removed. */
function checkRebuilds(rebuilds: readonly ListedRebuild[]) {
  const [largest] = [...rebuilds].sort((a, b) => b.bytes - a.bytes)
  if (!largest) return 'no state is left of a reprocessing that was interrupted'
  const { consumer, topic, partition } = largest
  const all = formatMebibytes(String(rebuilds.reduce((sum, { bytes }) => sum + bytes, 0)))
  return wrong(
    `${count(rebuilds.length, 'state')} of a reprocessing, ${all} in all, such as that of ${consumer} on ${topic}/${partition}`,
    `Unless it is running: \`sluice reprocess ${consumer}\` continues it if the options are the same, and removes it with --abandon.`,
  )
}

function checkVersion({ valkey_version: valkey, redis_version: redis }: Info) {
  const number = valkey ?? redis
  if (number === undefined) return unknown('the server does not report its version')
  const name = `${valkey === undefined ? 'Redis' : 'Valkey'} ${number}`
  const [major = 0, minor = 0] = number.split('.').map(Number)
  const isNew = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
  return isNew ? name : wrong(`${name} is too old`, 'Use Redis 6.2 or later, or Valkey.')
}

/**
 * Checks the eviction policy. Keys of Sluice have no time to live, so `volatile-` policies do not evict them. An ElastiCache
 * Serverless cache always uses `volatile-lru`. INFO reports the policy even if CONFIG is forbidden.
 */
function checkEvictionPolicy({ maxmemory_policy: policy }: Info) {
  if (policy === undefined)
    return unknown(
      'the server does not report maxmemory-policy',
      'Check the parameter group of the cache: it must not be allkeys-….',
    )
  if (policy === 'noeviction') return 'maxmemory-policy=noeviction'
  if (policy.startsWith('volatile-'))
    return `maxmemory-policy=${policy} evicts only keys with a time to live, and keys of Sluice have none`
  return wrong(
    `maxmemory-policy=${policy}, must be noeviction: when its memory is full, the server removes states, and alerts and statistics are wrong without an error`,
    'Run CONFIG SET maxmemory-policy noeviction, or change the parameter group of the cache.',
  )
}

function checkEvictedKeys({ evicted_keys: count }: Info) {
  if (count === undefined) return unknown('the server does not report its evicted keys')
  if (count === '0') return 'has not evicted any keys'
  return wrong(
    `has evicted ${count} keys since it started`,
    'The keys may belong to other applications. A consumer that finds a state incomplete stops with state-evicted: docs/guarantees.md.',
  )
}

function checkMemory({ used_memory: used, maxmemory }: Info) {
  const share = Number(used) / Number(maxmemory)
  if (!used || !maxmemory) return unknown('the server does not report its memory use, or its maxmemory')
  if (Number(maxmemory) === 0) return `uses ${formatMebibytes(used)}, without a limit`
  const says = `uses ${formatMebibytes(used)} of ${formatMebibytes(maxmemory)} (${Math.round(share * 100)} %)`
  if (share <= FULL) return says
  return wrong(
    says,
    'Increase its memory: when it is full, commits are refused and records wait in Kafka. `sluice state show CONSUMER` shows the contents of a state.',
  )
}

function checkClients({ connected_clients: connected, maxclients = 'an unknown number of' }: Info) {
  if (connected === undefined) return unknown('the server does not report its clients')
  const says = `${connected} of ${maxclients} clients are connected`
  if (!(Number(connected) / Number(maxclients) > FULL)) return says
  return wrong(
    says,
    'Raise maxclients, or close connections of other applications: a server that has reached it refuses new connections, and records wait in Kafka.',
  )
}

function checkMode({ mode: configured }: RedisFacts, { cluster_enabled: enabled }: Info) {
  if (enabled === undefined) return unknown('the server does not report cluster_enabled')
  if (enabled === '1')
    return configured === 'cluster'
      ? 'a cluster, as REDIS_MODE says'
      : wrong('is a cluster, and REDIS_MODE is not set', 'Set REDIS_MODE=cluster.')
  return configured === 'single'
    ? 'a single server'
    : wrong('is a single server', 'Remove REDIS_MODE=cluster.')
}

/** Checks that data lost by Redis can be restored from a replica. */
function checkServerCopies({ address, info }: RedisServer, { isLocal }: Standards): Finding[] {
  if (isLocal)
    return [
      createFinding('redis', 'copies', address, 'on this machine: what it loses is read from Kafka again'),
    ]
  return runChecks('redis', address, { copies: checkCopies }, info, NO_INFO)
}

function checkCopies({ connected_slaves: replicas }: Info) {
  if (replicas === undefined) return unknown('the server does not report its replicas')
  if (Number(replicas) > 0) return count(Number(replicas), 'replica')
  return wrong(
    'no replica is connected: a lost server means continuing from its last snapshot, or reading every topic from its start',
    'Add a replica.',
  )
}

function formatMebibytes(bytes: string | undefined): string {
  return `${Number((Number(bytes) / 1024 / 1024).toFixed(1))} MiB`
}
