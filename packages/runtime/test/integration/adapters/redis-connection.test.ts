import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it, mock } from 'node:test'
import { type Front, startFront } from '@sluice/test-kit/front'
import { rejection } from '@sluice/test-kit/rejection'
import { until } from '@sluice/test-kit/until'
import { COPIES_AT_ONCE, startValkey, type Valkey } from '@sluice/test-kit/valkey'
import { ValkeyCluster } from '@sluice/test-kit/valkey-cluster'
import { RedisStateStore } from '../../../adapters/redis/state-store.ts'
import { Unavailable } from '../../../pipeline/errors.ts'
import { createChange, versionAt } from '../../support/changes.ts'
import { withClient } from '../../support/redis-clients.ts'

const COMMAND_TIMEOUT_MS = 2_000

describe('a connection that cannot be trusted', () => {
  let server: Valkey

  before(async () => {
    server = await startValkey(COPIES_AT_ONCE)
  })

  after(() => server?.stop())

  it('given an endpoint with another primary, then the command after the refused one reaches it', async () => {
    const successor = await startValkey()
    let primary = server
    const endpoint = await startFront(() => primary.port)
    try {
      await withClient({ url: `redis://127.0.0.1:${endpoint.port}` }, async client => {
        const store = new RedisStateStore(client)
        const stateKey = { consumer: 'failover', topic: randomUUID(), partition: 0 }
        assert.equal(await store.commit(stateKey, createChange({ appliedOffset: 1 })), 'committed')
        await successor.admin.replicaof('127.0.0.1', server.port)
        await until('the successor to have all', async () =>
          (await successor.admin.info('replication')).includes('master_link_status:up'),
        )
        await successor.admin.replicaof('NO', 'ONE')
        await server.admin.replicaof('127.0.0.1', successor.port)
        primary = successor
        const change = createChange({ base: versionAt(1), appliedOffset: 2 })
        const error = await rejection(store.commit(stateKey, change))
        assert.ok(error instanceof Unavailable)
        assert.match(error.message, /READONLY/)
        assert.equal(await store.commit(stateKey, change), 'committed')
      })
    } finally {
      await server.admin.replicaof('NO', 'ONE')
      endpoint.stop()
      await successor.stop()
    }
  })

  it('given connections to a cluster that stops answering, then each is replaced after its next command', async () => {
    await withFronts(async (url, fronts) => {
      await withClient({ url, mode: 'cluster', commandTimeoutMs: COMMAND_TIMEOUT_MS }, async client => {
        const keys = Array.from({ length: 12 }, () => randomUUID())
        const read = (key: string) => client.run(redis => redis.get(key))
        await Promise.all(keys.map(read))
        for (const front of fronts) front.forget()
        // Commands that the client repeated on another connection in time are served.
        for (const met of await Promise.allSettled(keys.map(read)))
          if (met.status === 'rejected') assert.ok(met.reason instanceof Unavailable)
        await Promise.all(keys.map(read))
      })
    })
  })

  /** A cluster each of whose nodes is reached by a front alone; the URL names the first. */
  async function withFronts(use: (url: string, fronts: readonly Front[]) => Promise<void>): Promise<void> {
    const fronts = await Promise.all([0, 1, 2].map(index => startFront(() => cluster.masters[index]?.port)))
    const cluster = await ValkeyCluster.start(
      fronts.map(({ port }) => ['--cluster-announce-port', `${port}`]),
    )
    try {
      await use(`redis://127.0.0.1:${fronts[0]?.port}`, fronts)
    } finally {
      for (const front of fronts) front.stop()
      await cluster.stop()
    }
  }

  it('given a rest of minutes, as of a frozen process, then the next command has a connection of its own', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() })
    try {
      await withClient({ url: server.url }, async client => {
        const connection = () => client.run(redis => redis.client('ID'))
        const first = await connection()
        mock.timers.tick(60_000)
        assert.equal(await connection(), first)
        mock.timers.tick(301_000)
        const second = await connection()
        assert.notEqual(second, first)
        assert.equal(await connection(), second)
      })
    } finally {
      mock.timers.reset()
    }
  })
})
