import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { partitionOf } from '../../../packages/runtime/consumer/murmur2.ts'
import { grown } from '../../ledger/count/growth.ts'
import { placeOf } from '../../ledger/count/murmur2.ts'
import { type Emission, Reference } from '../../ledger/count/reference.ts'
import { FAULT_NAMES, schedule } from '../../ledger/faults.ts'
import type { KafkaRecord } from '../../ledger/kafka/records.ts'
import { Random } from '../../support/random.ts'

const [FROM, TO] = [2, 4]
const KEYS = Array.from({ length: 40 }, (_, number) => `e${number}`)
/** An entity that moves from partition 0 to partition 2. */
const MOVING = KEYS.find(key => placeOf(key, FROM) === 0 && placeOf(key, TO) === 2) as string

function signal(
  partition: number,
  offset: number,
  key: string,
  number: number,
  timestampMs: number,
): KafkaRecord {
  const time = new Date(timestampMs).toISOString()
  const headers = {
    specversion: '1.0',
    id: `n${number}`,
    source: '/ledger',
    type: 'ledger.signal.v1',
    subject: key,
    time,
  }
  return {
    partition,
    offset,
    timestampMs,
    key: Buffer.from(key),
    value: Buffer.from(JSON.stringify({ number })),
    headers: [
      ['ledger', Buffer.from(String(number))] as const,
      ...Object.entries(headers).map(([name, value]) => [`ce_${name}`, Buffer.from(value)] as const),
    ],
    isCompressed: false,
  } as unknown as KafkaRecord
}

describe('what the ledger expects of a growth', () => {
  it('given keys, then its places are those of the partitioner', () => {
    for (const key of [...KEYS, '', 'ü', ...KEYS.map(name => `a story of ${name}`)])
      for (const partitions of [12, 16, 24])
        assert.equal(placeOf(key, partitions), partitionOf(Buffer.from(key), partitions))
  })

  it('given an entity, then its state, its ids and its timer are those of its new partition', () => {
    const emitted: Emission[] = []
    const reference = () =>
      new Reference(
        'readings',
        emission => emitted.push(emission),
        () => assert.fail(),
      )
    const old = [reference(), reference()]
    old[0]?.apply(signal(0, 0, MOVING, 1, 1_000))
    old[0]?.apply(signal(0, 1, MOVING, 2, 1_500))
    old[1]?.apply(signal(1, 0, KEYS.find(key => placeOf(key, FROM) === 1) as string, 3, 1_700))
    let moved = 0
    const all = grown(old, { from: FROM, to: TO }, reference, () => {
      moved += 1
    })
    assert.ok(moved >= 2)
    assert.deepEqual([all[0]?.states.size, all[2]?.states.get(`/ledger ${MOVING}`)?.count], [0, 2])
    // Both clocks began at their first record. The new partition continues the later one: 500 ms and 200 ms.
    const [timer] = all[2]?.timers.get(`/ledger ${MOVING}`) ?? []
    assert.equal(timer?.thresholdMs, 500 + 1_500 - 200)
    all[2]?.apply(signal(2, 0, MOVING, 2, 1_500))
    assert.equal(all[2]?.tally.get('duplicate/id-known'), 1)
    all[2]?.apply(signal(2, 1, MOVING, 4, 1_800))
    assert.equal(emitted.at(-1)?.sequence, '1.0000000000000001.00000000')
  })

  it('given any order, then a growth comes once, and all states are lost once before it and once after', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const names = schedule({ random: new Random(seed) }, FAULT_NAMES, 30)
      assert.deepEqual(
        names.filter(name => name === 'grow' || name === 'flush'),
        ['flush', 'grow', 'flush'],
      )
      assert.equal(names.at(-1), 'valkey')
    }
    assert.deepEqual(schedule({ random: new Random(1) }, ['grow'], 1), ['grow'])
    assert.deepEqual(schedule({ random: new Random(1) }, ['flush'], 1), ['flush'])
  })
})
