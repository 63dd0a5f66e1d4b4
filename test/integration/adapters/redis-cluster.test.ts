import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { rejection } from '@sluice/test-kit/rejection'
import { until } from '@sluice/test-kit/until'
import { ValkeyCluster } from '@sluice/test-kit/valkey-cluster'
import { freePort } from '#local-servers/ports'
import { RedisClient } from '#runtime/operating/redis'
import { type StateKey, Unavailable } from '#runtime/pipeline'
import { conformsAsStateStore } from '#runtime/test/conformance/state-store'
import { createChange } from '#runtime/test/support/changes'
import { EMPTY_SELECTION } from '#runtime/test/support/inside'
import { buildKeys, RedisStateStore } from '#runtime/test/support/inside-redis'
import { withClient } from '#runtime/test/support/redis-clients'
import { STATISTICS } from '../../../lib/analytics/processor.ts'
import { TOPICS } from '../../../lib/app/naming/topic-table.ts'

let cluster: ValkeyCluster
let client: RedisClient
let store: RedisStateStore

before(async () => {
  cluster = await ValkeyCluster.start()
  client = new RedisClient({ url: cluster.url(), mode: 'cluster' })
  store = new RedisStateStore(client)
})

after(async () => {
  client?.close()
  await cluster?.stop()
})

conformsAsStateStore('Redis, as a cluster of three masters,', () => store)

// Promise docs/deployment.md#redis | A single server and a cluster are reached by their addresses, with TLS.
describe('a cluster of three masters', () => {
  /** The partition states of one consumer and all partitions, as a function and `sluice stats` have them at once. */
  function listStateKeys(topic: string): StateKey[] {
    const { partitions } = TOPICS.readings
    return Array.from({ length: partitions }, (_, partition) => ({
      consumer: STATISTICS,
      topic,
      partition,
    }))
  }

  it('given one of its hosts, then the hash slots of a topic are on all masters, and all are reached', async () => {
    const stateKeys = listStateKeys(`topic-${randomUUID()}`)
    await Promise.all(
      stateKeys.map(stateKey => store.commit(stateKey, createChange({ appliedOffset: stateKey.partition }))),
    )
    const owners = await Promise.all(stateKeys.map(stateKey => cluster.readMaster(buildKeys(stateKey).meta)))
    assert.equal(new Set(owners).size, 3)
    const appliedOffsets = await Promise.all(stateKeys.map(stateKey => store.load(stateKey, EMPTY_SELECTION)))
    assert.deepEqual(
      appliedOffsets.map(({ version }) => version.appliedOffset),
      stateKeys.map(({ partition }) => partition),
    )
  })

  it('given masters that have forgotten the scripts, then each is given them again', async () => {
    for (const { admin } of cluster.masters) await admin.script('FLUSH')
    const stateKeys = listStateKeys(`topic-${randomUUID()}`)
    for (const stateKey of stateKeys) {
      assert.equal((await store.load(stateKey, EMPTY_SELECTION)).version.appliedOffset, -1)
      assert.equal(await store.commit(stateKey, createChange({ appliedOffset: 1 })), 'committed')
    }
  })

  it('given several hosts of which the first does not answer, then the others name the nodes', async () => {
    const nobody = `127.0.0.1:${await freePort()}`
    const url = cluster.url(cluster.masters).replace('redis://', `redis://${nobody},`)
    await withClient({ url, mode: 'cluster' }, async some => {
      assert.equal(await some.run(redis => redis.get(randomUUID())), null)
    })
  })

  it('given none that listens, then a command is unavailable at once, with the reason', async () => {
    const port = await freePort()
    await withClient({ url: `redis://127.0.0.1:${port}`, mode: 'cluster' }, async nobody => {
      for (let attempt = 0; attempt < 3; attempt++) {
        const error = await rejection(nobody.run(redis => redis.get('k')))
        assert.ok(error instanceof Unavailable)
        assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} does not answer: .*ECONNREFUSED`))
      }
    })
  })

  it('given a client that takes it for a single server, then it says what to set and decides nothing', async () => {
    await withClient({ url: cluster.url() }, async single => {
      const reads = Array.from({ length: 12 }, () => single.run(redis => redis.get(randomUUID())))
      const refused = (await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected')
      assert.notEqual(refused.length, 0)
      for (const { reason } of refused as PromiseRejectedResult[]) {
        assert.ok(reason instanceof Unavailable)
        assert.match(reason.message, /is a cluster: MOVED .*Set REDIS_MODE to cluster/)
      }
    })
  })

  it('when a client is closed, then none of its connections is open, and it had one to each master at most', async () => {
    const [username, password] = ['counted', 'pw']
    for (const { admin } of cluster.masters)
      await admin.acl('SETUSER', username, 'on', `>${password}`, '~*', '+@all')
    const connections = async () => {
      const lists = await Promise.all(cluster.masters.map(({ admin }) => admin.client('LIST')))
      return lists.map(list => String(list).split(`user=${username} `).length - 1)
    }
    const some = new RedisClient({ url: cluster.url(), mode: 'cluster', username, password })
    await Promise.all(Array.from({ length: 24 }, () => some.run(redis => redis.get(randomUUID()))))
    await until(
      'one connection to each master',
      async () => isDeepStrictEqual(await connections(), [1, 1, 1]),
      {
        describe: connections,
      },
    )
    some.close()
    await until('no connection of it', async () => isDeepStrictEqual(await connections(), [0, 0, 0]))
  })
})
