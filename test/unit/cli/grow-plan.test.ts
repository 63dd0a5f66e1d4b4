/** Conditions of the partition states before a growth moves them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConsumerPlan, plansOf } from '../../../lib/operations/grow/plan.ts'
import { inTheWay } from '../../../lib/operations/grow/steps.ts'
import type { GrowingTopic } from '../../../lib/operations/grow/topic.ts'
import { partitionOf } from '../../../packages/runtime/consumer/murmur2.ts'
import { holderName } from '../../../packages/runtime/pipeline/deciding/hold.ts'
import { withHold } from '../../../packages/runtime/pipeline/deciding/stored-state.ts'
import type { RememberedFailure } from '../../../packages/runtime/pipeline/model.ts'
import { MemoryLogReader } from '../../../packages/runtime/testing/log-reader.ts'
import { environmentReading as reading, logRecord as record, TOPIC } from '../../support/records.ts'

const COUNTS = { from: 3, to: 5 }
const home = (key: string) => partitionOf(Buffer.from(key), COUNTS.from)
const entityOf = (sensor: string) => `/environment/test-site ${sensor}`

interface KeptState {
  readonly states?: readonly (readonly [entity: string, state: string])[]
  readonly failures?: readonly Partial<RememberedFailure>[]
}

/** The plan for a consumer with these contents, by the partition. */
async function planned(
  kept: ReadonlyMap<number, KeptState>,
  log: MemoryLogReader = new MemoryLogReader([]),
): Promise<ConsumerPlan> {
  const of = ({ partition }: { partition: number }) => kept.get(partition) ?? {}
  const reader = {
    meta: async () => ({}),
    context: async () => undefined,
    idCount: async () => 0,
    states: async function* (key: { partition: number }) {
      yield* of(key).states ?? []
    },
    timers: async function* () {},
    failures: async function* (key: { partition: number }) {
      yield* of(key).failures ?? []
    },
  }
  const keyOf = (consumer: string, partition: number) => ({ consumer, topic: TOPIC, partition })
  const keysOf = (consumer: string, count: number) =>
    Array.from({ length: count }, (_, partition) => keyOf(consumer, partition))
  const topic = { name: TOPIC, servers: { log }, reader, keyOf, keysOf } as unknown as GrowingTopic
  const bounds = Array.from({ length: COUNTS.from }, () => ({ start: 0, end: 10 }))
  const [plan] = await plansOf(topic, { ...COUNTS, generation: 1, consumers: ['counting'] }, bounds)
  assert.ok(plan)
  return plan
}

describe('the plan of a growth', () => {
  it('given held entities, also released ones, then they are in the way, by their partitions', async () => {
    // A released entity has no failure that holds it; its parked events wait for the next record.
    const released = [entityOf('s-1'), withHold('{"count":1}', '{"waitsFor":null}') as string] as const
    const waiting = [entityOf('s-2'), withHold(null, '{"waitsFor":{"failure":"F1"}}') as string] as const
    const free = [entityOf('s-3'), '{"count":2}'] as const
    const plan = await planned(
      new Map([
        [0, { states: [released, free] }],
        [2, { states: [waiting, [holderName('F1'), entityOf('s-2')] as const] }],
      ]),
    )
    assert.equal(plan.entities, 3)
    const [line, ...more] = inTheWay([plan], { allowUnknown: true })
    assert.match(String(line), /^counting holds 2 entities in partitions 0, 2, whose events wait for a retry/)
    assert.match(String(line), /wait .* for the next tick\.$/)
    assert.deepEqual(more, [])
  })

  it('given that a failure holds an entity without a state, then that is in the way, too', async () => {
    const holder = [holderName('F1'), entityOf('s-1')] as const
    const [line] = inTheWay([await planned(new Map([[1, { states: [holder] }]]))], { allowUnknown: true })
    assert.match(String(line), /holds 1 entities in partition 1,/)
  })

  it('given that nothing is held, then nothing is in the way', async () => {
    const states = [[entityOf('s-1'), '{"count":1}']] as const
    const plan = await planned(new Map([[home('s-1'), { states }]]))
    assert.deepEqual([plan.entities, inTheWay([plan], { allowUnknown: false })], [1, []])
  })

  it('given a failure that was tried again, then it goes wherever a redrive could: its key may be new', async () => {
    const partition = home('s-1')
    const plain = record(0, reading('r0', { sensor: 's-1' }), { partition })
    const log = new MemoryLogReader([{ ...plain, key: Buffer.from('s-1') }])
    const failed = { id: 'f', partition, offset: 0 }
    const again = { id: 'g', partition, offset: 0 }
    const failures = [
      { ...failed, attempt: 1 },
      { ...again, attempt: 2 },
    ]
    const plan = await planned(new Map([[partition, { failures }]]), log)
    const routes = failures.map(failure => plan.growing.failureRoute(partition, failure as RememberedFailure))
    // Undefined is every partition to which keys of this one can go.
    assert.deepEqual(routes, [partitionOf(Buffer.from('s-1'), COUNTS.to), undefined])
    assert.deepEqual([plan.failures, plan.copiedFailures], [2, 1])
  })
})
