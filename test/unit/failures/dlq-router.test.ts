import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FAILURES, type FailureData, failureId } from '#runtime/consumer'
import { computeDigest } from '#runtime/pipeline'
import { type DeadLetter, dlqRouter } from '../../../lib/failures/dlq-router.ts'
import { FAILURE_TYPE } from '../../../lib/failures/event-types.ts'
import { DEFAULT_POLICY } from '../../../lib/failures/policy.ts'
import { NAMES } from '../../support/families.ts'
import { Kit } from '../../support/kit.ts'
import { after, FAILURE, failed } from './failure.ts'

const policy = DEFAULT_POLICY
const router = dlqRouter({ policy, findTopicName: topic => NAMES.signalNamed(topic, 'test') })
const failure = FAILURE
const listBytes = (base64: string | null) => (base64 === null ? null : Buffer.from(base64, 'base64'))
const failedRecord = {
  key: listBytes(failure.originalKey),
  value: listBytes(failure.originalValue),
  headers: failure.originalHeaders.map(({ name, value }) => [name, listBytes(value)] as const),
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
    const [taken] = await new Kit(router).when(event(failure, 'readings/3/7'))
    const { description } = FAILURES['schema-violated']
    assert.equal(taken?.reason, 'not-retried')
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

  it('given a record of the dlq topic that failed, then it does not become another dead letter', async () => {
    const [taken] = await new Kit(router).when(
      event({ ...failure, originalTopic: 'sluice.telemetry.dlq.test', consumer: 'open-dead-letters' }),
    )
    assert.deepEqual([taken?.reason, taken?.emitted], ['from-dead-letters', []])
  })

  it('given a record without a key, and a failure without a subject, then neither has its dead letter', async () => {
    const [taken] = await new Kit(router).when(event({ ...failure, originalKey: null }))
    assert.equal(taken?.emitted[0]?.key, null)
    assert.ok(!Object.hasOwn(taken?.emitted[0] ?? {}, 'subject'))
  })

  it('given a code that this version does not know, even the name of a method, then it says so', async () => {
    for (const errorType of ['from-the-future', 'toString']) {
      const [taken] = await new Kit(router).when(event({ ...failure, errorType }))
      const deadLetter = taken?.emitted[0]?.data as DeadLetter
      assert.equal(deadLetter.class, 'unknown')
      assert.equal(deadLetter.routedBecause, 'the code is not known to this version')
    }
  })

  it('given a failure that another attempt can mend, then it waits in a retry topic with all of it', async () => {
    const again = after([failed(1)])
    const [taken] = await new Kit(router).when(event(again, 'readings/3/7'))
    assert.equal(taken?.reason, 'retry-10m')
    const routedBecause = `${FAILURES['not-accepted'].description}; retry 2 of 3, after 10m`
    assert.deepEqual(taken?.emitted, [
      {
        name: 'retry',
        to: 'retry-10m',
        key: { base64: 'a2V5' },
        type: 'io.sluice.retry.v1',
        dataschema: 'https://sluice.io/schemas/retry.v1.json',
        source: '/consumers/alerting',
        subject: 'readings/3/7',
        data: { ...again, class: 'retryable', routedBecause },
      },
    ])
  })

  it('given events that wait for the record, then its end goes to the partition where they wait', async () => {
    const [taken] = await new Kit(router).when(event({ ...failure, parks: true, attempt: 2 }, 'readings/3/7'))
    const [, ended, ...others] = taken?.emitted ?? []
    assert.deepEqual(others, [])
    assert.deepEqual(ended, {
      name: 'failure-ended',
      to: 'readings',
      partition: 3,
      key: { base64: 'a2V5' },
      type: 'io.sluice.failure.ended.v1',
      dataschema: 'https://sluice.io/schemas/failure.ended.v1.json',
      source: '/consumers/alerting',
      subject: 'readings/3/7',
      data: {
        consumer: 'alerting',
        failure: failureId('alerting', { topic: failure.originalTopic, partition: 3, offset: 7 }),
        digest: computeDigest(failedRecord),
        attempt: 2,
        because: FAILURES['schema-violated'].description,
      },
    })
  })

  for (const [given, more] of [
    ['a record that is retried', { errorType: 'not-accepted' }],
    ['a topic of another environment', { originalTopic: 'sluice.telemetry.readings.other' }],
    ['a topic that is not one of ours', { originalTopic: 'orders' }],
  ] as const)
    it(`given ${given}, then no event says that the failure has ended`, async () => {
      const [taken] = await new Kit(router).when(event({ ...failure, parks: true, ...more }))
      assert.equal(taken?.emitted.length, 1)
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

  it('given a server out of reach, then nothing is a failure: the class says that the record waits', () => {
    const waiting = Object.entries(FAILURES).filter(([, kind]) => kind.class === 'unavailable')
    assert.deepEqual(waiting.map(([code]) => code).sort(), [
      'broker-unavailable',
      'registry-unavailable',
      'store-unavailable',
    ])
  })
})
