import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { type ClusterNode, ValkeyCluster } from '@sluice/test-kit/valkey-cluster'
import { RedisClient } from '../../../adapters/redis/client.ts'
import { buildKeys } from '../../../adapters/redis/keys.ts'
import { RedisStateStore } from '../../../adapters/redis/state-store.ts'
import type { StateKey } from '../../../pipeline/model/partition-state.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { assertUnavailable } from '../../support/assert-unavailable.ts'
import { createChange, versionAt } from '../../support/changes.ts'

const COMMAND_TIMEOUT_MS = 2_000

describe('faults of a cluster', () => {
  let cluster: ValkeyCluster
  let client: RedisClient
  let store: RedisStateStore
  /** How many times the client has connected anew: to the cluster, not to one of its nodes. */
  let connected: number

  before(async () => {
    cluster = await ValkeyCluster.start()
  })

  after(() => cluster?.stop())

  beforeEach(() => {
    connected = 0
    client = new RedisClient(async () => {
      connected++
      return { url: cluster.url(), mode: 'cluster', commandTimeoutMs: COMMAND_TIMEOUT_MS }
    })
    store = new RedisStateStore(client)
  })

  afterEach(() => client.close())

  /** A slot of this master, with something in it. */
  async function stateKeyOn(master: ClusterNode): Promise<StateKey> {
    const stateKey = await readStateKey(cluster, master)
    const outbox = ['0.1.0', '0.1.1'].map(entry)
    await store.commit(stateKey, createChange({ appliedOffset: 1, states: new Map([['e', '1']]), outbox }))
    return stateKey
  }

  const readAppliedOffset = async (stateKey: StateKey) =>
    (await store.load(stateKey, EMPTY_SELECTION)).version.appliedOffset
  const inTime = <T>(call: Promise<T>) => assertUnavailable(call, COMMAND_TIMEOUT_MS)

  describe('a master that is silent', () => {
    it("given one, then its keys are unavailable within a command's time; others are not, and all resume", async () => {
      const [silent, other] = cluster.masters as [ClusterNode, ClusterNode]
      const [there, elsewhere] = [await stateKeyOn(silent), await stateKeyOn(other)]
      silent.signal('SIGSTOP')
      try {
        let over = false
        const waiting = inTime(readAppliedOffset(there)).finally(() => {
          over = true
        })
        while (!over) assert.equal(await readAppliedOffset(elsewhere), 1)
        await waiting
        assert.equal(await readAppliedOffset(elsewhere), 1)
        assert.equal(connected, 1)
      } finally {
        silent.signal('SIGCONT')
      }
      await cluster.untilWhole()
      await until('the slot to be there again', async () => (await readAppliedOffset(there)) === 1)
    })
  })

  describe('a slot on its way from one master to another', () => {
    let from: ClusterNode
    let to: ClusterNode
    let number: number

    /** Moves a slot by hand, as a resharding does: with each step that a client can meet. */
    async function begin(key: string): Promise<void> {
      number = await cluster.readHashSlot(key)
      await to.admin.cluster('SETSLOT', number, 'IMPORTING', from.id)
      await from.admin.cluster('SETSLOT', number, 'MIGRATING', to.id)
    }

    async function move(...keys: string[]): Promise<void> {
      await from.admin.migrate('127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys)
    }

    async function end(): Promise<void> {
      for (const { admin } of [to, from, ...cluster.masters])
        await admin.cluster('SETSLOT', number, 'NODE', to.id)
    }

    beforeEach(() => {
      ;[from, to] = cluster.masters as [ClusterNode, ClusterNode]
    })

    it('given half of its keys moved, then nothing is read or written in part until all are there', async () => {
      const stateKey = await stateKeyOn(from)
      const { meta, states, outbox } = buildKeys(stateKey)
      const change = createChange({ base: versionAt(1), appliedOffset: 2, states: new Map([['e', '2']]) })
      await begin(meta)
      for (const keys of [[states], [outbox], [meta]]) {
        // Before its time ends: so no attempt of it is left that might come after the move.
        for (const call of [
          () => store.load(stateKey, EMPTY_SELECTION),
          () => store.commit(stateKey, change),
        ])
          assert.match((await inTime<unknown>(call())).message, /Too many Cluster redirections/)
        await move(...keys)
      }
      await end()
      const moved = await store.load(stateKey, { ...EMPTY_SELECTION, entities: ['e'] })
      assert.deepEqual(moved.states, new Map([['e', '1']]))
      assert.equal(moved.version.appliedOffset, 1)
      assert.equal(moved.outbox.length, 2)
      assert.equal(await store.commit(stateKey, change), 'committed')
    })
  })

  describe('a master that is lost', () => {
    it('given no replica of it, then its slots are unavailable until it is back, with all that was committed', async () => {
      const lost = cluster.masters[1] as ClusterNode
      const stateKey = await stateKeyOn(lost)
      await lost.kill()
      // Reads at once, after its connection has ended, and once the others know of it.
      for (let attempt = 0; attempt < 3; attempt++) await inTime(readAppliedOffset(stateKey))
      await lost.restart()
      await cluster.untilWhole()
      await until('the slot to be there again', async () => (await readAppliedOffset(stateKey)) === 1)
      assert.equal(
        await store.commit(stateKey, createChange({ base: versionAt(1), appliedOffset: 2 })),
        'committed',
      )
    })

    it('given a replica of it, then that one takes over, and the same client continues with it', async () => {
      const lost = cluster.masters[2] as ClusterNode
      const stateKey = await stateKeyOn(lost)
      const replica = await cluster.addReplica(lost)
      await lost.kill()
      await inTime(readAppliedOffset(stateKey))
      await until('the replica to answer for the slot', async () => (await readAppliedOffset(stateKey)) === 1)
      assert.match(String(await replica.admin.info('replication')), /role:master/)
      assert.equal(
        await store.commit(stateKey, createChange({ base: versionAt(1), appliedOffset: 2 })),
        'committed',
      )
      // The former master is a replica now, and redirects a client that asks it.
      await lost.restart()
      await until('the old master to be a replica', async () =>
        (await lost.admin.info('replication')).includes('role:slave'),
      )
      assert.equal(await readAppliedOffset(stateKey), 2)
    })
  })
})

/** A slot of this master. */
async function readStateKey(cluster: ValkeyCluster, master: ClusterNode): Promise<StateKey> {
  for (;;) {
    const stateKey = { consumer: 'faults', topic: `topic-${randomUUID()}`, partition: 0 }
    if ((await cluster.readMaster(buildKeys(stateKey).meta)) === master) return stateKey
  }
}

function entry(position: string) {
  const event = { id: position, source: '/s', type: 't' }
  return { position, to: 'events', key: { base64: '/w==' }, event } as const
}
