import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replicationOn } from '@sluice/kafka-records/replication'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import {
  resolveSignals,
  SIGNALS,
  TOPIC_GROUPS,
  type TopicWord,
  topicRow,
} from '../../../lib/app/naming/topic-table.ts'
import { getTableSignal, HISTORY_TABLES } from '../../../lib/history/tables.ts'
import { listEventTypes } from '../../../lib/telemetry/event-types.ts'
import { FAMILIES } from '../../support/families.ts'

describe('the copies of a record', () => {
  for (const [brokers, factor, minInsync] of [
    [1, 1, 1],
    [2, 2, 1],
    [3, 3, 2],
    [6, 3, 2],
  ] as const)
    it(`are ${factor} on ${brokers} brokers, ${minInsync} of which it takes to write`, () => {
      assert.deepEqual(replicationOn(brokers), { factor, minInsync })
    })
})

describe('the table of topics', () => {
  const emittedBy = (name: string) => readFunctions().find(entry => entry.name === name)?.emits ?? []

  it('gives clock and dlq-router their topics, so that a new row needs no other place', () => {
    const archived = resolveSignals(HISTORY_TABLES.map(getTableSignal))
    const broadcast = new Set([
      ...resolveSignals(['ruled', 'viewed', 'notifications', 'ticked']),
      ...archived,
    ])
    assert.deepEqual(emittedBy('clock').toSorted(), [...broadcast].toSorted())
    assert.deepEqual(emittedBy('dlq-router'), resolveSignals(['retries', 'dlq', 'redriven']))
    assert.deepEqual(emittedBy('redriver'), resolveSignals(['redriven', 'dlq']))
  })

  it('has the time of the broker where timers or delays count from it', () => {
    for (const signal of [...TOPIC_GROUPS.ticked, ...TOPIC_GROUPS.retries])
      assert.equal(topicRow(signal).timestamps, 'LogAppendTime', signal)
  })

  it('has a topic for each event type, and words of groups mean their topics, each once', () => {
    for (const [type, row] of listEventTypes(FAMILIES)) {
      const topics = resolveSignals([row.topic as TopicWord])
      assert.ok(topics.length > 0 && topics.every(signal => SIGNALS.includes(signal)), type)
    }
    assert.deepEqual(resolveSignals(['dlq', 'erased', 'readings']), ['dlq', ...resolveSignals(['erased'])])
  })
})
