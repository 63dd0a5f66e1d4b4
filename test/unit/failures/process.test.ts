import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FAILURE_TYPE } from '../../../lib/failures/event-types.ts'
import { type DeadLetter, failureRouter } from '../../../lib/failures/process.ts'
import { FAILURES } from '../../../lib/runtime/consumer/failure-codes.ts'
import type { FailureData } from '../../../lib/runtime/consumer/failure-event.ts'
import { Kit } from '../../support/kit.ts'

const failure: FailureData = {
  originalTopic: 'sluice.telemetry.readings.test',
  originalPartition: 3,
  originalOffset: 7,
  originalTimestamp: 1_772_370_000_000,
  originalKey: 'a2V5',
  originalValue: 'dmFsdWU=',
  originalHeaders: [{ name: 'h', value: 'dg==' }],
  error: 'data has no temperature',
  errorType: 'schema-violated',
  consumer: 'alerting',
  attempt: 1,
  firstFailedAt: '2026-03-01T13:00:00Z',
  failedAt: '2026-03-01T13:00:00Z',
  history: [],
  omitted: [],
  parks: false,
}

const event = (data?: FailureData, subject?: string) => ({
  id: 'f-1',
  source: '/consumers/alerting',
  type: FAILURE_TYPE,
  ...(subject === undefined ? {} : { subject }),
  time: '2026-03-01T13:00:00Z',
  datacontenttype: 'application/json',
  ...(data ? { data } : {}),
})

describe('the router of failures', () => {
  it('given a failure, then one dead letter has all of it, its class, and why it was not tried again', async () => {
    const [taken] = await new Kit(failureRouter).when(event(failure, 'readings/3/7'))
    const { description } = FAILURES['schema-violated']
    assert.equal(taken?.reason, 'dead-letter')
    assert.deepEqual(taken?.emitted, [
      {
        name: 'dead-letter',
        to: 'dlq',
        key: { base64: 'a2V5' },
        type: 'io.sluice.dead-letter.v1',
        dataschema: 'https://sluice.io/schemas/dead-letter.v1.json',
        source: '/consumers/alerting',
        subject: 'readings/3/7',
        data: { ...failure, class: 'permanent', routedBecause: description, quarantined: false },
      },
    ])
  })

  it('given a record without a key, and a failure without a subject, then neither has its dead letter', async () => {
    const [taken] = await new Kit(failureRouter).when(event({ ...failure, originalKey: null }))
    assert.equal(taken?.emitted[0]?.key, null)
    assert.ok(!Object.hasOwn(taken?.emitted[0] ?? {}, 'subject'))
  })

  it('given a code that this version does not know, even the name of a method, then it says so', async () => {
    for (const errorType of ['from-the-future', 'toString']) {
      const [taken] = await new Kit(failureRouter).when(event({ ...failure, errorType }))
      const deadLetter = taken?.emitted[0]?.data as DeadLetter
      assert.equal(deadLetter.class, 'unknown')
      assert.equal(deadLetter.routedBecause, 'the code is not known to this version')
    }
  })

  it('given a failure event without data, then it is not a failure that could be routed', () => {
    const { data: _, ...bare } = event(failure)
    const received = { ...bare, timeMs: 0, entity: '/consumers/alerting' }
    assert.equal(failureRouter.onEvent(undefined, received).kind, 'rejected')
  })
})

describe('the codes of failures', () => {
  it('given any code, then it has a class that is known, and words for what it means', () => {
    const classes = ['permanent', 'retryable', 'unavailable', 'unexpected']
    for (const [code, kind] of Object.entries(FAILURES)) {
      assert.ok(classes.includes(kind.class), code)
      assert.match(kind.description, /\w+ \w+/, code)
    }
  })

  it('given Redis or Kafka out of reach, then nothing is a failure: the class says that the record waits', () => {
    const waiting = Object.entries(FAILURES).filter(([, kind]) => kind.class === 'unavailable')
    assert.deepEqual(waiting.map(([code]) => code).sort(), ['broker-unavailable', 'store-unavailable'])
  })
})
