import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judgeReplication } from '../../../control/questions/topics.ts'
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

  it('then a partition without a leader counts before one whose replicas are behind', () => {
    const judged = [[led, behind, unled], [led, behind], [led], []].map(judgeReplication)
    assert.deepEqual(
      judged.map(({ replicas, leaderless, underReplicated, state, tone }) => [
        ...[replicas, leaderless, underReplicated, state, tone],
      ]),
      [
        [2, 1, 1, '1 without leader', 'bad'],
        [2, 0, 1, '1 behind', 'warn'],
        [2, 0, 0, 'all in sync', 'good'],
        [0, 0, 0, 'all in sync', 'good'],
      ],
    )
  })
})
