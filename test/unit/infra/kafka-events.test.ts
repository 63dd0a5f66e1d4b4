import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseFunctions } from '../../../control/environment/functions.ts'
import { findEventProblems } from '../../../infra/checks/kafka-events.ts'
import { NAMES } from '../../support/families.ts'

const READINGS = 'sluice.telemetry.readings.prod'
const FAILURES = 'sluice.telemetry.failures.prod'
const QUEUE = 'arn:aws:sqs:eu-west-1:123456789012:given-up'
const DECLARED = parseFunctions({
  counter: { forwards: ['dlq', 'retry-1h'] },
  redriver: { forwards: ['retry-1h'] },
  consumer: { consumes: 'readings' },
  ofInputs: { consumes: 'inputs' },
})

const problems = (event: object, { name = 'one', others = {}, resources = {} } = {}) =>
  findEventProblems(
    { [name]: { events: [event] }, ...others },
    DECLARED,
    { env: 'prod', names: NAMES },
    resources,
  )

describe('the destination of a Kafka event', () => {
  const reader = { reader: { events: [{ msk: { topic: READINGS } }] } }

  it('given none, an ARN, or a topic that nothing reads, then nothing is said', () => {
    for (const onFailureDestination of [
      undefined,
      '',
      QUEUE,
      { arn: QUEUE },
      { 'Fn::GetAtt': ['Queue', 'Arn'] },
      'kafka://given.up',
      'kafka://sluice.telemetry.analytics.prod',
    ])
      assert.deepEqual(problems({ msk: { topic: READINGS, onFailureDestination } }), [])
    assert.deepEqual(problems({ schedule: 'rate(1 minute)' }), [])
  })

  it('given a FIFO queue or topic, then it is refused with the words of the trigger', () => {
    const resources = { Queue: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } } }
    for (const onFailureDestination of [`${QUEUE}.fifo`, { 'Fn::GetAtt': ['Queue', 'Arn'] }]) {
      const said = problems({ msk: { topic: READINGS, onFailureDestination } }, { resources })
      assert.equal(said.length, 1)
      assert.match(
        `${said}`,
        /^onFailureDestination of the msk event of function "one" is .*, which is FIFO: /,
      )
    }
  })

  it('given the topic that the function reads, then it is refused with the name of the field', () => {
    assert.deepEqual(problems({ msk: { topic: READINGS, onFailureDestination: `kafka://${READINGS}` } }), [
      `functions.one.events.msk.onFailureDestination of serverless.yml: kafka://${READINGS} is a topic that the function itself reads, ` +
        'so it would receive its discarded records again. Instead, use a topic that nothing reads.',
    ])
  })

  it('given a topic with readers, even one of another service, then it is refused', () => {
    for (const [topic, readers] of [
      [READINGS, 'reader'],
      [FAILURES, 'dlq-router'],
      ['sluice.telemetry.dlq.prod', 'counter'],
      ['sluice.telemetry.retry-1h.prod', 'counter, redriver'],
    ] as const)
      for (const onFailureDestination of [`kafka://${topic}`, { arn: `kafka://${topic}` }])
        for (const name of ['one', 'consumer'])
          assert.deepEqual(
            problems({ kafka: { topic: 'orders', onFailureDestination } }, { name, others: reader }),
            [
              `functions.${name}.events.kafka.onFailureDestination of serverless.yml: kafka://${topic} is a source topic of ${readers}, ` +
                'which would process discarded records as its own. Instead, use a topic that nothing reads.',
            ],
          )
  })
})

describe('the Kafka event of a consumer', () => {
  const registry = { schemaRegistryURI: 'https://registry.example', eventRecordFormat: 'SOURCE' }
  const cases: [setting: string, settings: object][] = [
    ['maximumRetryAttempts', { maximumRetryAttempts: 3 }],
    ['maximumRetryAttempts', { maximumRetryAttempts: 0, onFailureDestination: QUEUE }],
    ['maximumRecordAgeInSeconds', { maximumRecordAgeInSeconds: 3600 }],
    ['bisectBatchOnFunctionError', { bisectBatchOnFunctionError: true }],
    ['schemaRegistryConfig', { schemaRegistryConfig: registry }],
    ['schemaRegistryConfig', { schemaRegistryConfig: registry, onFailureDestination: '' }],
  ]

  // Promise docs/failures.md#what-lambda-itself-gives-up | A consumer's Kafka event that would give batches up is refused, and `lambda-discarded` of before is listed and dropped.
  for (const [setting, settings] of cases)
    it(`given a setting by which Lambda would discard or split: ${JSON.stringify(settings)}, then it is refused`, () => {
      for (const name of ['consumer', 'ofInputs']) {
        const [problem, ...others] = problems({ msk: { topic: 'orders', ...settings } }, { name })
        assert.deepEqual(others, [])
        assert.ok(problem?.startsWith(`functions.${name}.events.msk.${setting} of serverless.yml: `), problem)
      }
      assert.deepEqual(problems({ msk: { topic: 'orders', ...settings } }), [], 'a function of others may')
    })

  it('given no limits, and a registry with a destination, then nothing is said', () => {
    const event = {
      ...{ topic: 'orders', maximumRetryAttempts: -1, maximumRecordAgeInSeconds: null },
      ...{ bisectBatchOnFunctionError: false, schemaRegistryConfig: registry, onFailureDestination: QUEUE },
    }
    assert.deepEqual(problems({ msk: event, kafka: { ...event } }, { name: 'consumer' }), [])
  })
})
