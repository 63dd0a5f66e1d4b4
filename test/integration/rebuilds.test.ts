/** A rebuild beside its live state in Redis, with kills, losses and a second command. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { redisUrl } from '#local-servers/testing/servers.ts'
import type { LogRecord } from '#runtime/cloudevents'
import { RedisClient, RedisReplaceableStates } from '#runtime/operating/redis'
import type { CopyStopped } from '#runtime/pipeline'
import { EMPTY_SELECTION, readContents } from '#runtime/test/support/inside'
import { buildPrefix, RedisStateStore } from '#runtime/test/support/inside-redis'
import { reprocessed } from '#runtime/test/support/reprocessing'
import { WATCHED_ID_WINDOW_MS, watchedLog } from '#runtime/test/support/watched-log'
import { WATCHING } from '#runtime/test/support/watching'
import { Random } from '#runtime/testing'
import { Stage } from '../support/stage.ts'

const LENGTH = 60
const SEEDS = 6
// A log names its consumer and topic, so each test has a database of its own.
const clients = Array.from(
  { length: SEEDS + 4 },
  (_, index) => new RedisClient({ url: `${redisUrl()}/${index + 1}` }),
)
let tests = 0
after(() => {
  for (const client of clients) client.close()
})
const breaker = { open: async () => Number.NEGATIVE_INFINITY }

/** A live consumer in Redis, whose partition is rebuilt by runs of a command. */
class Rebuilding {
  readonly client = clients[tests++] as RedisClient
  readonly stage = new Stage(WATCHING.before as never, { store: new RedisStateStore(this.client) })
  readonly log: readonly LogRecord[]

  constructor(seed: number) {
    const { consumer } = this.stage
    const limits = { ...consumer.limits, records: 4 }
    this.stage.consumer = { ...consumer, idWindowMs: WATCHED_ID_WINDOW_MS, limits }
    this.log = watchedLog(new Random(seed), LENGTH)
  }

  decide(from: number, to: number) {
    return this.stage.batch(this.log.slice(from, to), { ports: { breaker } })
  }

  /** Runs the command. @param interfere called before each commit of the rebuild; throws to kill the command */
  async run(interfere: (commit: number) => unknown = () => {}) {
    const live = new RedisReplaceableStates(this.client)
    const { states } = live.rebuilds
    const commit = states.commit.bind(states)
    let commits = 0
    states.commit = async (...of) => {
      commits += 1
      await interfere(commits)
      return commit(...of)
    }
    return reprocessed(this.stage, this.log, { live, nowMs: Date.now })
  }

  /** Contents of the live state, apart from its version. */
  async contents() {
    const store = new RedisReplaceableStates(this.client)
    const key = this.stage.stateKey()
    const [contents, { clock }, outbox] = [
      await readContents(store, key),
      await store.facts(key),
      (await store.load(key, EMPTY_SELECTION)).outbox,
    ]
    const sorted = <T>(all: Iterable<T>) => [...all].map(item => JSON.stringify(item)).sort()
    const { states, timers, ids, failures } = contents
    return {
      clock,
      outbox,
      ...{ states: sorted(states), timers: sorted(timers), ids: sorted(ids) },
      failures: sorted(failures),
    }
  }

  async listKeys() {
    return this.client.run(redis => redis.keys(`${buildPrefix(this.stage.stateKey())}:staged*`))
  }
}

describe('a rebuild in Redis', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1)
    it(`given log ${seed} and five kills beside a live consumer, then the result is that of the log`, async () => {
      const rebuilding = new Rebuilding(seed)
      await rebuilding.decide(0, 30)
      for (let kill = 1; kill <= 5; kill += 1) {
        const killed = (commit: number) => {
          if (commit > 2) throw new Error('killed')
        }
        await assert.rejects(rebuilding.run(killed), /killed/)
        await rebuilding.decide(30 + 5 * (kill - 1), 30 + 5 * kill)
      }
      await rebuilding.decide(55, LENGTH)
      const before = await rebuilding.contents()
      const { epoch } = await rebuilding.run()
      assert.equal(epoch, 1)
      assert.deepEqual(await rebuilding.contents(), before)
      assert.deepEqual(await rebuilding.listKeys(), [])
    })

  for (const [what, lost] of [
    ['the rebuild', /:staged/],
    ['a part of it', /:staged:states$/],
  ] as const)
    it(`given a server that loses ${what}, then the run ends, and the next one begins anew`, async () => {
      const rebuilding = new Rebuilding(1)
      await rebuilding.decide(0, LENGTH)
      const before = await rebuilding.contents()
      const lose = async (commit: number) => {
        if (commit !== 4) return
        const keys = (await rebuilding.listKeys()).filter(key => lost.test(key))
        assert.ok(keys.length > 0)
        await rebuilding.client.run(redis => redis.unlink(...keys))
      }
      await assert.rejects(rebuilding.run(lose), (error: CopyStopped) => error.why === 'overtaken')
      await rebuilding.run()
      assert.deepEqual(await rebuilding.contents(), before)
    })

  it('given two commands at once, then one switches the state, and the other ends without a trace', async () => {
    const rebuilding = new Rebuilding(2)
    await rebuilding.decide(0, LENGTH)
    const before = await rebuilding.contents()
    let second: Promise<unknown> | undefined
    const begun = (commit: number) => {
      if (commit === 4) second = rebuilding.run()
    }
    const first = await rebuilding.run(begun).catch((error: CopyStopped) => error.why)
    await second
    assert.equal(first, 'overtaken')
    const { version } = await new RedisReplaceableStates(rebuilding.client).facts(rebuilding.stage.stateKey())
    assert.equal(version.epoch, 1)
    assert.deepEqual(await rebuilding.contents(), before)
    assert.deepEqual(await rebuilding.listKeys(), [])
  })

  it('given a failover that loses the last commits of the rebuild, then it goes on from before them', async () => {
    const rebuilding = new Rebuilding(3)
    await rebuilding.decide(0, LENGTH)
    const before = await rebuilding.contents()
    const copies = new Map<string, Buffer>()
    const failover = async (commit: number) => {
      if (commit === 4)
        for (const key of await rebuilding.listKeys())
          copies.set(key, (await rebuilding.client.run(redis => redis.dumpBuffer(key))) as Buffer)
      if (commit !== 7) return
      await rebuilding.client.run(async redis => redis.unlink(...(await rebuilding.listKeys())))
      for (const [key, dump] of copies) await rebuilding.client.run(redis => redis.restore(key, 0, dump))
    }
    await rebuilding.run(failover)
    assert.deepEqual(await rebuilding.contents(), before)
  })
})
