import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { settingsIn } from '../../../cli/topics/settings.ts'
import { replicationOf } from '../../../cli/topics/text.ts'
import { balanceOf, KeyCounter } from '../../../lib/queries/balance.ts'
import { suggestion } from '../../../lib/similar.ts'

describe('given how many records the partitions of a topic hold, when its balance is taken', () => {
  const tooFull = (counts: number[]) =>
    balanceOf(counts).partitions.flatMap(({ partition, isTooFull }) => (isTooFull ? [partition] : []))

  it('then shares add up to one, and skew is relative to an even share', () => {
    const { records, partitions } = balanceOf([600, 200, 200, 200])
    assert.equal(records, 1200)
    assert.deepEqual(
      partitions.map(({ skew }) => Number(skew.toFixed(2))),
      [2, 0.67, 0.67, 0.67],
    )
    assert.ok(Math.abs(partitions.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9)
  })

  it('then a partition is too full from half as much again on, unless that is chance', () => {
    assert.deepEqual(tooFull([1500, 900, 600]), [0])
    assert.deepEqual(tooFull([1490, 910, 600]), [])
    assert.deepEqual(tooFull([3, 1, 1]), [])
    assert.deepEqual(tooFull([18, 1, 1]), [0])
    assert.deepEqual(tooFull([1000, 1000, 0, 0]), [0, 1])
  })

  it('then an empty topic, and one without partitions, are not too full', () => {
    assert.deepEqual(tooFull([0, 0]), [])
    assert.deepEqual(balanceOf([]), { records: 0, partitions: [] })
  })

  it('then a sample names the most frequent key of each partition', () => {
    const keys = new KeyCounter()
    for (const key of ['a', 'b', 'b', 'b']) keys.add(1, key)
    const sample = keys.samples(2)
    assert.deepEqual(sample, [
      { partition: 0, records: 0, keys: 0, top: null },
      { partition: 1, records: 4, keys: 2, top: { key: 'b', records: 3 } },
    ])
  })
})

describe('given a name that there is not', () => {
  it('then similar ones are suggested, and others are not', () => {
    const names = ['readings', 'alerts', 'sluice.telemetry.orders.local']
    assert.equal(suggestion('redings', names), ' Did you mean readings?')
    assert.equal(suggestion('orders', names), ' Did you mean sluice.telemetry.orders.local?')
    assert.equal(suggestion('nothing-like-it', names), undefined)
    assert.equal(suggestion('', names), undefined)
  })
})

describe('given settings of a topic as options', () => {
  it('then each has its name in Kafka', () => {
    const options = {
      config: [{ name: 'segment.ms', value: '60000' }],
      retentionMs: -1,
      minInsyncReplicas: 2,
      cleanupPolicy: 'compact',
      compressionType: 'zstd',
    }
    assert.deepEqual(settingsIn(options), {
      'segment.ms': '60000',
      'retention.ms': '-1',
      'min.insync.replicas': '2',
      'cleanup.policy': 'compact',
      'compression.type': 'zstd',
    })
    assert.deepEqual(settingsIn({}), {})
  })

  it('then one that is given twice with different values is refused', () => {
    const config = [{ name: 'retention.ms', value: '1' }]
    assert.throws(() => settingsIn({ config, retentionMs: 2 }), /retention\.ms is given twice: 1 and 2/)
    assert.deepEqual(settingsIn({ config, retentionMs: 1 }), { 'retention.ms': '1' })
  })
})

describe('given a topic, when it is shown', () => {
  const led = { partition: 0, leader: 1, replicas: [1, 2], inSync: [1, 2] }
  const behind = { partition: 1, leader: 2, replicas: [2, 1], inSync: [2] }
  const unled = { partition: 2, leader: -1, replicas: [1, 2], inSync: [] }

  it('then partitions without a copy or a leader are counted', () => {
    assert.deepEqual(replicationOf([led, behind, unled]), { replicationFactor: 2, underReplicated: 2 })
    assert.deepEqual(replicationOf([]), { replicationFactor: 0, underReplicated: 0 })
  })
})
