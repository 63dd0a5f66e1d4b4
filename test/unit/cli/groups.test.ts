import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { groupsText, lagReport, lagText } from '../../../cli/groups/text.ts'

const MEMBER = { memberId: 'm', clientId: 'c', host: '127.0.0.1', assigned: { b: [0], a: [0, 1] } }

function partition(number: number, pending: number, seconds: number | null) {
  return { partition: number, next: 0, end: pending, pending, seconds }
}

function lag(...partitions: ReturnType<typeof partition>[]) {
  const pending = partitions.reduce((sum, one) => sum + one.pending, 0)
  const topics = [{ topic: 'orders', pending, partitions, unknown: [] }]
  return lagReport({ group: 'g', state: 'stable', members: [MEMBER], pending, topics })
}

describe('given consumer groups, when they are listed', () => {
  it('then each has its state, its members and what they read', () => {
    const text = groupsText({
      groups: [
        { group: 'g', state: 'stable', members: [MEMBER] },
        { group: 'idle', state: 'empty', members: [] },
      ],
    })
    assert.match(text, /^g +stable +1 +a, b$/m)
    assert.match(text, /^idle +empty +0 +-$/m)
  })

  it('then a cluster without any says so', () => {
    assert.equal(groupsText({ groups: [] }), 'The cluster has no consumer groups.\n')
    assert.equal(lagText({ groups: [] }), 'The cluster has no consumer groups.\n')
  })
})

describe('given the lag of a group, when it is shown', () => {
  it('then each partition has a line, and the last one has the total, in records and in time', () => {
    const report = lag(partition(0, 5, 90), partition(1, 0, 0), partition(2, 2, 12))
    assert.equal(
      lagText({ groups: [report] }),
      [
        'Group: g (stable, 1 member)',
        'Topic: orders',
        'Partition 0: lag = 5 (oldest waits 1 min 30 s)',
        'Partition 1: lag = 0',
        'Partition 2: lag = 2 (oldest waits 12 s)',
        'Total lag: 7 (oldest waits 1 min 30 s)',
        '',
      ].join('\n'),
    )
    assert.equal(report.seconds, 90)
  })

  it('then one without lag has no age, and one whose records cannot be read has an unknown one', () => {
    assert.match(lagText({ groups: [lag(partition(0, 0, 0))] }), /^Total lag: 0$/m)
    assert.equal(lag(partition(0, 0, 0)).seconds, 0)
    const unread = lag(partition(0, 3, null))
    assert.equal(unread.seconds, null)
    assert.match(lagText({ groups: [unread] }), /^Total lag: 3 \(age unknown\)$/m)
    assert.equal(lag(partition(0, 3, null), partition(1, 1, 4)).seconds, 4)
  })
})
