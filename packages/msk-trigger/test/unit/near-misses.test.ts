import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearMisses } from '../../config/near-misses.ts'

const arn = 'arn:aws:kafka:us-east-1:1:cluster/c/id'
const of = (...events: Record<string, unknown>[]) => nearMisses({ f: { events } })
const msk = (settings: object) => of({ msk: { arn, topic: 't', ...settings } })
const kafka = (settings: object) => of({ kafka: { topic: 't', bootstrapServers: ['b:1'], ...settings } })

describe('names that look like those of Kafka events', () => {
  it('given the right names, then there is no warning', () => {
    const all = {
      batchSize: 1,
      maximumBatchingWindow: 1,
      enabled: true,
      startingPosition: 'LATEST',
      startingPositionTimestamp: 1,
      consumerGroupId: 'g',
      filterPatterns: [{}],
      provisionedPollerConfig: {},
      functionResponseType: 'ReportBatchItemFailures',
      maximumRetryAttempts: 1,
      maximumRecordAgeInSeconds: 60,
      bisectBatchOnFunctionError: true,
      onFailureDestination: '',
      destinations: {},
      schemaRegistryConfig: {},
    }
    assert.deepEqual(msk({ ...all, saslScram512: 'arn:x' }), [])
    assert.deepEqual(kafka({ ...all, accessConfigurations: {} }), [])
    assert.deepEqual(of({ sqs: 'arn:x' }, { sns: 't' }, { schedule: 'rate(1 minute)' }, { stream: {} }), [])
    assert.deepEqual(nearMisses({ f: {} }, { mskTrigger: {}, 'serverless-offline': {}, esbuild: {} }), [])
  })

  const meant: [name: string, setting: string][] = [
    ['functionResponseTypes', 'functionResponseType'],
    ['FunctionResponseTypes', 'functionResponseType'],
    ['maximumRetryAttempt', 'maximumRetryAttempts'],
    ['retryAttempts', 'maximumRetryAttempts'],
    ['bisectOnFunctionError', 'bisectBatchOnFunctionError'],
    ['bisectBatchOnError', 'bisectBatchOnFunctionError'],
    ['destinationConfig', 'onFailureDestination'],
    ['DestinationConfig', 'onFailureDestination'],
    ['onFailure', 'onFailureDestination'],
    ['destinaton', 'destinations'],
    ['maximumRecordAge', 'maximumRecordAgeInSeconds'],
    ['MaximumBatchingWindowInSeconds', 'maximumBatchingWindow'],
    ['topics', 'topic'],
    ['groupId', 'consumerGroupId'],
    ['filterCriteria', 'filterPatterns'],
    ['reportBatchItemFailures', 'functionResponseType: ReportBatchItemFailures'],
  ]
  for (const [name, setting] of meant) {
    it(`given ${name}, then ${setting} is proposed`, () => {
      const line = `${name} is not a setting, and has no effect; did you mean ${setting}?`
      assert.deepEqual(msk({ [name]: 1 }), [`msk event of function "f": ${line}`])
      assert.deepEqual(kafka({ [name]: 1 }), [`kafka event of function "f": ${line}`])
    })
  }

  it('given a name like no other, then it is left to the framework', () => {
    assert.deepEqual(msk({ colour: 'red', 'x-own': 1 }), [])
  })

  it('given brokers, then the setting of the plugin is named', () => {
    const here = 'the Kafka on this machine is set by custom.mskTrigger.brokers'
    for (const name of ['broker', 'brokers', 'bootstrapServers'])
      assert.deepEqual(msk({ [name]: ['b:1'] }), [
        `msk event of function "f": ${name} is not a setting, and has no effect; ${here}`,
      ])
    assert.match(kafka({ brokers: ['b:1'] }).join(), /did you mean bootstrapServers\? And the Kafka on this/)
    assert.match(kafka({ bootstrapServer: ['b:1'] }).join(), /did you mean bootstrapServers\?$/)
  })

  it('given events that are no list, then they are left to the framework', () => {
    const events = { msk: { topic: 't' } } as never
    assert.deepEqual(nearMisses({ f: { events }, g: {} }), [])
  })

  it('given an event with a name like msk or kafka, then that is proposed', () => {
    for (const [name, kind] of [
      ['MSK', 'msk'],
      ['mks', 'msk'],
      ['Kafka', 'kafka'],
      ['kafak', 'kafka'],
    ] as const)
      assert.deepEqual(of({ [name]: {} }), [
        `function "f" has an event ${name}, which is not read; did you mean ${kind}?`,
      ])
  })

  it('given an event that is not a map, then the error says that it is not read, and which lines to indent', () => {
    assert.match(
      of({ msk: 'orders' }).join(),
      /the msk event of function "f" is "orders", not a map .* not read/,
    )
    assert.deepEqual(of({ kafka: null, topic: 't', batchSize: 1 }), [
      'the kafka event of function "f" is empty, and is not read: indent topic, batchSize below kafka',
    ])
  })

  it('given a section with a name like mskTrigger, then that is proposed, unless there is one', () => {
    assert.deepEqual(nearMisses({}, { msktrigger: {} }), [
      'custom.msktrigger is not read; did you mean custom.mskTrigger?',
    ])
    assert.equal(nearMisses({}, { 'msk-triggers': {} }).length, 1)
    assert.deepEqual(nearMisses({}, { mskTrigger: {}, mskTriggers: {} }), [])
  })

  it('given a section that is empty or no map, then there is no warning', () => {
    for (const custom of [null, undefined, 'mskTriggers', ['mskTriggers']])
      assert.deepEqual(nearMisses({}, custom), [])
  })
})
