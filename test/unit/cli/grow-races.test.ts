/** Races between a growth and Kafka: another run, a run that takes it back, other clients, and Kafka itself. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CliFailure } from '../../../cli/failure.ts'
import { Growth } from '../../../lib/operations/grow/growth.ts'
import { GrowthRecords } from '../../../lib/operations/grow/record.ts'
import type { Step } from '../../../lib/operations/grow/steps.ts'
import { GrowingTopic } from '../../../lib/operations/grow/topic.ts'
import { OWN_GENERATION } from '../../../packages/runtime/adapters/redis/building.ts'
import type { RedisClient } from '../../../packages/runtime/adapters/redis/client.ts'
import { FENCE } from '../../../packages/runtime/adapters/redis/generations.ts'
import { COMPARE_AND_SET, type Script } from '../../../packages/runtime/adapters/redis/scripts.ts'
import { growthsName } from '../../../packages/runtime/pipeline/growth/history.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { MemoryBroker } from '../../support/memory-topic.ts'

const [NAME, BEFORE, AFTER] = ['t.events', 3, 5]

class Killed extends Error {}

/** A topic that no consumer has read, in a Kafka and a Redis that hold nothing else. */
function given() {
  let record: string | undefined
  const fences = new Set<string>()
  const commands = { get: async () => record ?? null, hgetall: async () => ({}), hlen: async () => 0 }
  const client = {
    run: async (command: (redis: unknown) => unknown) => command(commands),
    eval: async (script: Script, [key = '']: readonly string[], [before, next]: readonly string[]) => {
      if (script === OWN_GENERATION) return 1
      if (script === FENCE && next === '') return fences.delete(key)
      if (script === FENCE) fences.add(key)
      if (script === FENCE) return [1, -1, 0, before]
      assert.equal(script, COMPARE_AND_SET)
      assert.equal(key, `{${growthsName(NAME)}}:value`)
      if ((record ?? '') !== before) return 0
      record = next
      return 1
    },
    async *keys() {},
  } as unknown as RedisClient
  /** `looked` is called when the end of the log is asked for. */
  const broker = Object.assign(new MemoryBroker(BEFORE), { looked: async () => {} })
  const { kafka } = broker
  const log = new MemoryLogReader([])
  const bounds = {
    async bounds() {
      await broker.looked()
      return broker.offsets()
    },
  } as never
  const topic = new GrowingTopic({ client, kafka, log, bounds }, 't', NAME)
  const order = { to: AFTER, by: 'test', allowUnknown: false, except: [], quietMs: 1, answeredMs: 1 }
  const growth = (reached?: (step: Step) => void, tell: (text: string) => void = () => {}) =>
    new Growth(topic, order, { tell, ...(reached ? { reached } : {}) })
  return {
    broker,
    fences,
    growth,
    records: new GrowthRecords(client, NAME),
    async killedAt(at: Step): Promise<void> {
      const run = growth(step => {
        if (step === at) throw new Killed()
      }).run()
      await assert.rejects(run, Killed)
    },
  }
}

describe('a growth beside others', () => {
  it('given that Kafka is being asked, when another run takes it back, then that is refused', async () => {
    const { broker, growth, records } = given()
    const refusals: unknown[] = []
    broker.meanwhile = () =>
      growth()
        .abort()
        .catch(error => void refusals.push(error))
    await growth().run()
    assert.match(String(refusals[0]), /cannot remove them: run the command again without --abort/)
    const { underway, growths } = await records.read()
    assert.deepEqual([underway, growths.length, broker.partitions], [undefined, 1, AFTER])
  })

  it('given that another run took it back, when the first continues, then it does not ask Kafka', async () => {
    const { broker, growth, records } = given()
    const first = growth(step => {
      // The run looks at the log a last time.
      if (step === 'staged') broker.looked = () => growth().abort()
    })
    await assert.rejects(first.run(), /Another run of the command has taken over, or has reverted the growth/)
    assert.deepEqual([broker.partitions, await records.read()], [BEFORE, { growths: [] }])
  })

  it('given that it was taken back while it looked, then no fence stays that it has raised again', async () => {
    const { broker, fences, growth, records } = given()
    const version = { epoch: 1, appliedOffset: -1, fired: 0 }
    const state = { consumer: 'counting', partition: 0, version, next: version }
    const about = { operation: 'o', attempt: 0, by: 'test', startedAt: '2026-03-01T12:00:00Z', generation: 1 }
    const counts = { from: BEFORE, to: AFTER }
    const staged = { phase: 'staged', consumers: ['counting'], except: [], states: [state] } as const
    await records.take({ ...about, ...counts, ...staged })
    broker.looked = async () => {
      broker.looked = async () => {}
      await growth().abort()
    }
    await assert.rejects(growth().run(), /has reverted the growth/)
    assert.deepEqual([[...fences], broker.partitions], [[], BEFORE])
  })

  it('given a kill before Kafka was asked, then it cannot be taken back, and the next run continues', async () => {
    const { broker, growth, records, killedAt } = given()
    await killedAt('creating')
    await assert.rejects(growth().abort(), /run the command again without --abort/)
    await growth().run()
    assert.deepEqual([broker.partitions, (await records.read()).growths.length], [AFTER, 1])
  })

  it('given that Kafka refuses, then the growth can be taken back', async () => {
    const { broker, growth, records } = given()
    broker.meanwhile = async () => {
      throw Object.assign(new Error('not for you'), { type: 'POLICY_VIOLATION', retriable: false })
    }
    await assert.rejects(growth().run(), /not for you/)
    assert.equal((await records.read()).underway?.phase, 'staged')
    await growth().abort()
    assert.deepEqual(await records.read(), { growths: [] })
  })

  it('given no answer of Kafka, then the growth cannot be taken back', async () => {
    const { broker, growth } = given()
    broker.meanwhile = async () => {
      throw new Error('connection lost')
    }
    await assert.rejects(growth().run(), /connection lost/)
    await assert.rejects(growth().abort(), /run the command again without --abort/)
  })

  it('given that something else adds partitions, then a run takes the growth back, whatever is ready', async () => {
    for (const step of ['fenced', 'staged', 'creating'] as const) {
      const { broker, growth, records, killedAt } = given()
      await killedAt(step)
      broker.partitions = AFTER + 1
      await assert.rejects(growth().run(), /something else has added partitions. The growth is reverted/)
      assert.deepEqual([broker.partitions, await records.read()], [AFTER + 1, { growths: [] }])
    }
  })

  it('given that something else adds partitions, then the growth can be taken back by hand', async () => {
    const { broker, growth, records, killedAt } = given()
    await killedAt('fenced')
    broker.partitions = AFTER
    await growth().abort()
    assert.deepEqual(await records.read(), { growths: [] })
  })

  it('given that Kafka was about to be asked, when a state changed, then it waits and takes all back', async () => {
    const { broker, growth, records, killedAt } = given()
    await killedAt('creating')
    broker.looked = async () => {
      throw new CliFailure('a record came')
    }
    const told: string[] = []
    const run = growth(undefined, text => void told.push(text)).run()
    await assert.rejects(run, /a record came/)
    assert.match(told.join(), /Waiting until Kafka has answered/)
    assert.deepEqual(await records.read(), { growths: [] })
  })

  it('given that an earlier run was faster, when Kafka refuses, then the growth continues', async () => {
    const { broker, growth, records, killedAt } = given()
    await killedAt('creating')
    broker.meanwhile = async () => {
      broker.partitions = AFTER
      throw Object.assign(new Error('it has as many'), { type: 'INVALID_PARTITIONS', retriable: false })
    }
    await growth().run()
    const { underway, growths } = await records.read()
    assert.deepEqual([underway, growths.length], [undefined, 1])
  })
})
