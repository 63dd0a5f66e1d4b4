/** A growth and a Redis that has lost data: before it, meanwhile, or at its end. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Growth } from '../../../lib/operations/grow/growth.ts'
import { GrowthRecords, type Underway } from '../../../lib/operations/grow/record.ts'
import { StagedStates } from '../../../lib/operations/grow/staged.ts'
import type { Step } from '../../../lib/operations/grow/steps.ts'
import { GrowingTopic } from '../../../lib/operations/grow/topic.ts'
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { RedisValue } from '../../../packages/runtime/adapters/redis/value.ts'
import { growthsName } from '../../../packages/runtime/pipeline/growth/history.ts'
import type { KeptGrowth } from '../../../packages/runtime/pipeline/model.ts'
import { type CheckpointMeta, EMPTY_META } from '../../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { MemoryTopic } from '../../support/memory-topic.ts'
import { inPages } from '../../support/parts.ts'

const [NAME, CONSUMER] = ['t.events', 'counting']

class Killed extends Error {}

/** A topic without records that one consumer reads; it has grown from one partition to two, if it has grown. */
function given({ except = [] }: { readonly except?: readonly string[] } = {}) {
  const topic = new MemoryTopic(NAME, 2, [CONSUMER])
  const first: KeptGrowth = {
    operation: 'first',
    at: '2026-03-01T12:00:00Z',
    from: 1,
    to: 2,
    ends: [0],
    except: [],
  }
  const growth = (to: number, reached?: (step: Step) => void) => {
    const order = { to, by: 'test', allowUnknown: false, except, quietMs: 0, answeredMs: 0 }
    return new Growth(topic.growing, order, { tell: () => {}, ...(reached ? { reached } : {}) })
  }
  return {
    topic,
    first,
    growth,
    get records() {
      return new GrowthRecords(topic.client, NAME)
    },
    /** Puts a state in place that has decided nothing. */
    async state(partition: number, meta: Partial<CheckpointMeta> = {}, consumer = CONSUMER) {
      const pages = inPages([{ kind: 'meta', meta: { ...EMPTY_META, ...meta } }])
      await topic.store.replace(topic.key(consumer, partition), EMPTY_META.version, pages)
    },
    /** The operation that each partition state names last, and to how many partitions it is fenced. */
    async seen(partitions: number) {
      return Array.from({ length: partitions }, (_, partition) => {
        const { growths, fence } = topic.held(topic.key(CONSUMER, partition))
        return fence?.partitions ?? growths?.at(-1)?.operation
      })
    },
    async killedAt(to: number, at: Step, time = 1) {
      let times = 0
      const run = growth(to, step => {
        if (step === at && ++times === time) throw new Killed()
      }).run()
      await assert.rejects(run, Killed)
    },
  }
}

const grownOnce = (first: KeptGrowth) => ({
  partitioning: { generation: 1, partitions: 2 },
  growths: [first],
})

describe('a growth, and a Redis that has lost data', () => {
  it('given that only restored states know of a growth, then the next one has the next number', async () => {
    const { topic, first, growth, records, state, seen } = given()
    await state(0)
    await state(1, grownOnce(first))
    const { generation, operation } = await growth(4).run()
    const { growths, underway } = await records.read()
    assert.deepEqual([generation, underway], [2, undefined])
    assert.deepEqual(
      growths.map(one => [one.operation, one.from, one.to]),
      [
        ['first', 1, 2],
        [operation, 2, 4],
      ],
    )
    assert.deepEqual(await seen(4), Array(4).fill(operation))
    const { partitioning } = topic.held(topic.key(CONSUMER, 3))
    assert.deepEqual(partitioning, { generation: 2, partitions: 4 })
  })

  it('given states that know of different growths, then the longest history counts', async () => {
    const { topic, first, growth, state } = given()
    const second = { ...first, operation: 'second' }
    await state(0, { partitioning: { generation: 2, partitions: 2 }, growths: [first, second] })
    await state(1, grownOnce(first))
    topic.loseValues()
    assert.equal((await growth(4).run()).generation, 3)
  })

  it('given a value that is lost while the states stay, then they contain the growth of the topic', async () => {
    const { topic, first, growth, records, state } = given()
    await state(0, grownOnce(first))
    topic.loseValues()
    assert.deepEqual(await records.read(), { growths: [] })
    await growth(4).run()
    const { growths } = await records.read()
    assert.deepEqual([growths.length, growths[0]], [2, first])
  })

  it('given a state that has seen more growths than are known, then nothing begins', async () => {
    const { topic, growth, records, state, seen } = given()
    await state(1, { partitioning: { generation: 1, partitions: 2 } })
    for (const run of [growth(4).check(), growth(4).run()])
      await assert.rejects(
        run,
        /counting.*1.* contains 1 growths of t.events, but Redis has recorded 0.*`sluice state import`, and run the command again/,
      )
    assert.deepEqual([topic.broker.partitions, await records.read()], [2, { growths: [] }])
    assert.deepEqual(await seen(2), [undefined, undefined])
  })

  it('given a state that is only in its checkpoint, then that is in the way; one without any is new', async () => {
    const { topic, growth, state } = given()
    await state(1)
    assert.deepEqual((await growth(4).check()).wrong, [])
    await topic.checkpoint()
    topic.flush()
    await state(0)
    const { wrong } = await growth(4).check()
    assert.deepEqual(wrong, [
      'counting has a checkpoint but no state of partition 1: Redis has lost it. Wait for the next record or tick of the partition, which restores it.',
    ])
    await state(1)
    assert.deepEqual((await growth(4).check()).wrong, [])
  })

  it('given consumers that read the topic, or have a state of it, then each of them counts once', async () => {
    const names = ['{b:t.events:0}:meta', '{b:t.events:1}:meta', '{c:t.alerts:0}:meta']
    const client = {
      async *keys() {
        yield* names
      },
    } as unknown as RedisClient
    const kept = { readers: ['d', 'b', 'a'], has: async () => false, take: async () => {} }
    const servers = { client, kafka: null as never, log: null as never, bounds: null as never }
    assert.deepEqual(await new GrowingTopic({ ...servers, kept }, 't', NAME).consumers(), ['a', 'b', 'd'])
    assert.deepEqual(await new GrowingTopic(servers, 't', NAME).consumers(), ['b'])
  })

  it('given that the checkpoints cannot be taken, then the growth is not over, and the next run ends it', async () => {
    const { topic, growth, records, state } = given()
    await state(0)
    topic.refusesCheckpoints = true
    await assert.rejects(growth(4).run(), /a state has no checkpoint/)
    assert.equal((await records.read()).underway?.phase, 'created')
    topic.refusesCheckpoints = false
    const { operation } = await growth(4).run()
    assert.equal((await records.read()).underway, undefined)
    topic.flush()
    for (const partition of [0, 1, 2, 3]) {
      const [kept] = await topic.recovery.checkpoints.list(topic.key(CONSUMER, partition))
      assert.ok(kept)
      await topic.store.replace(
        topic.key(CONSUMER, partition),
        EMPTY_META.version,
        topic.recovery.checkpoints.read(topic.key(CONSUMER, partition), kept),
      )
    }
    assert.deepEqual(
      (await records.read()).growths.map(one => one.operation),
      [operation],
    )
  })

  it('given that a state is restored meanwhile that knows of a growth, then all is taken back', async () => {
    const { topic, first, growth, records, state, seen, killedAt } = given()
    await state(0)
    for (const step of ['fenced', 'staged'] as const) {
      await killedAt(4, step)
      await topic.store.replace(
        topic.key('another', 0),
        topic.held(topic.key('another', 0)).version,
        inPages([{ kind: 'meta', meta: { ...EMPTY_META, ...grownOnce(first) } }]),
      )
      await assert.rejects(growth(4).run(), /has not grown.*\n {2}The topic has grown meanwhile\./)
      assert.deepEqual([topic.broker.partitions, (await records.read()).underway], [2, undefined])
      assert.deepEqual(await seen(2), [undefined, undefined])
      topic.flush()
      await state(0)
    }
  })

  it('given growths that are lost meanwhile, then all is taken back', async () => {
    const { topic, first, growth, records, state, killedAt } = given()
    await state(0)
    await records.recover([first])
    await killedAt(4, 'staged')
    const { underway } = await records.read()
    await new RedisValue(topic.client, growthsName(NAME)).write({ underway, growths: [] })
    await assert.rejects(growth(4).run(), /\n {2}The topic has grown meanwhile\./)
    assert.equal(topic.broker.partitions, 2)
  })

  it('given a consumer that has a state only since the growth began, then all is taken back', async () => {
    const { topic, growth, state, seen, killedAt } = given()
    await state(0)
    for (const step of ['began', 'staged'] as const) {
      await killedAt(4, step)
      topic.consumers = [CONSUMER, 'restored']
      await assert.rejects(
        growth(4).run(),
        /\n {2}restored has a state of the topic now, and had none before\./,
      )
      assert.deepEqual([topic.broker.partitions, await seen(2)], [2, [undefined, undefined]])
      topic.consumers = [CONSUMER]
    }
  })

  it('given a state that is lost after it was switched to, then the growth fails, and is not over', async () => {
    const { topic, growth, records, state } = given()
    await state(0)
    let times = 0
    const run = growth(4, step => {
      if (step === 'switched' && ++times === 4) topic.lose(topic.key(CONSUMER, 2))
    }).run()
    await assert.rejects(run, /t.events has grown, but .*2.* is not the state that was prepared for it/)
    assert.equal((await records.read()).underway?.phase, 'created')
  })

  it('given a state that was replaced by an older checkpoint meanwhile, then the command fails', async () => {
    const { topic, first, growth, state } = given()
    await state(0, grownOnce(first))
    let times = 0
    const run = growth(4, step => {
      if (step !== 'switched' || ++times < 4) return
      const key = topic.key(CONSUMER, 0)
      topic.store.restore(key, { ...topic.held(key), ...grownOnce(first) })
    }).run()
    await assert.rejects(run, /counting.*0.* is not the state that was prepared for it/)
  })

  it('given that another run lays the same state ready, or has, then the command fails', async () => {
    const { topic } = given()
    const staged = new StagedStates(topic.growing)
    const run = staged.stage(topic.key(CONSUMER, 0), 1, [], {} as never)
    await assert.rejects(run, /was not written \(overtaken\): another run/)
  })

  it('given two runs, then the one that began first ends, wherever it is, and the other moves all', async () => {
    for (const step of ['began', 'fenced', 'copied', 'staged'] as const) {
      const { topic, growth, records, state, seen } = given()
      await state(0)
      let second: Promise<Underway> | undefined
      const first = growth(4, reached => {
        if (reached === step) second ??= growth(4).run()
      }).run()
      const ends = await Promise.allSettled([first, first.catch(() => second)])
      const errors = ends.flatMap(end => (end.status === 'rejected' ? [String(end.reason)] : []))
      assert.ok(
        errors.every(error => /another run/i.test(error)),
        errors.join(),
      )
      await second?.catch(() => {})
      if ((await records.read()).underway) await growth(4).run()
      const { growths } = await records.read()
      assert.deepEqual([growths.length, topic.broker.partitions], [1, 4])
      assert.deepEqual(await seen(4), Array(4).fill(growths[0]?.operation))
    }
  })

  it('given a growth that an older version has begun, then it is neither finished nor taken back', async () => {
    const { topic, growth, records, state, killedAt } = given()
    await state(0)
    await killedAt(4, 'staged')
    const { attempt: _, ...underway } = (await records.read()).underway as Underway
    const left = { underway: { ...underway, run: 'a1b2c3d4' }, growths: [] }
    await new RedisValue(topic.client, growthsName(NAME)).write(left)
    for (const run of [growth(4).run(), growth(4).abort(), growth(4).underway()])
      await assert.rejects(
        run,
        /with an older version of this command: finish it with that version, or revert it/,
      )
    assert.deepEqual(await records.read(), left)
    assert.equal(topic.broker.partitions, 2)
  })

  it('given that Redis has lost the growth itself, then the command fails', async () => {
    const { topic, growth, state } = given()
    await state(0)
    const run = growth(4, step => {
      if (step === 'noted') topic.loseValues()
    }).run()
    await assert.rejects(run, /Redis has lost the record of this growth of t.events/)
  })

  it('given that Redis knows another last growth, or gives this one another number, then it fails', async () => {
    const histories: ((own: KeptGrowth, first: KeptGrowth) => readonly KeptGrowth[])[] = [
      (_, first) => [first],
      (own, first) => [first, own],
    ]
    for (const history of histories) {
      const { topic, first, growth, records, state, killedAt } = given()
      await state(0)
      await killedAt(4, 'noted')
      const { underway, growths } = await records.read()
      const value = new RedisValue(topic.client, growthsName(NAME))
      await value.write({ underway, growths: history(growths[0] as KeptGrowth, first) })
      await assert.rejects(growth(4).run(), /Redis has lost the record of this growth of t.events/)
    }
  })

  it('given a consumer that keeps nothing by entity, then its states know of the growth, too', async () => {
    const { topic, growth, records } = given({ except: [CONSUMER] })
    const key = topic.key(CONSUMER, 1)
    const meta = { ...EMPTY_META, version: { epoch: 3, appliedOffset: 5, fired: 0 } }
    await topic.store.replace(key, EMPTY_META.version, inPages([{ kind: 'meta', meta }]))
    await topic.checkpoint()
    await growth(4).run()
    const { growths } = await records.read()
    assert.deepEqual(topic.held(key).growths, growths)
    assert.equal((await topic.recovery.checkpoints.list(key)).length, 2)
    assert.equal(topic.held(topic.key(CONSUMER, 0)).version.epoch, 0)
  })
})
