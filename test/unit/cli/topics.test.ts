import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { summarizeReplication } from '../../../cli/topics/text.ts'
import { suggestion } from '../../../lib/support/suggestion.ts'

describe('given a name that there is not', () => {
  it('then similar ones are suggested, and others are not', () => {
    const names = ['readings', 'alerts', 'sluice.telemetry.orders.local']
    assert.equal(suggestion('redings', names), ' Did you mean readings?')
    assert.equal(suggestion('orders', names), ' Did you mean sluice.telemetry.orders.local?')
    assert.equal(suggestion('nothing-like-it', names), undefined)
    assert.equal(suggestion('', names), undefined)
  })
})

describe('given a topic, when it is shown', () => {
  const led = { partition: 0, leader: 1, replicas: [1, 2], inSync: [1, 2] }
  const behind = { partition: 1, leader: 2, replicas: [2, 1], inSync: [2] }
  const unled = { partition: 2, leader: -1, replicas: [1, 2], inSync: [] }

  it('then partitions without a copy or a leader are counted', () => {
    assert.deepEqual(summarizeReplication([led, behind, unled]), { replicationFactor: 2, underReplicated: 2 })
    assert.deepEqual(summarizeReplication([]), { replicationFactor: 0, underReplicated: 0 })
  })
})
