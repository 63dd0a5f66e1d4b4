import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { extendEventSchemas } from '../../config/event-schema.ts'
import { type Properties, schemaHandler } from './framework.ts'

const FROM_ONE_TO_1000 = { type: 'integer', minimum: 1, maximum: 1000 }

const ours = [
  'bisectBatchOnFunctionError',
  'functionResponseType',
  'maximumRecordAgeInSeconds',
  'maximumRetryAttempts',
  'onFailureDestination',
  'provisionedPollerConfig',
  'schemaRegistryConfig',
  'startingPosition',
  'startingPositionTimestamp',
]

describe('the schema of Kafka events', () => {
  it('given a framework that has none of the settings, then it has them all', () => {
    const events = { msk: { topic: {} } as Properties, kafka: {} as Properties }
    const handler = schemaHandler(events)
    extendEventSchemas(handler)
    assert.deepEqual(Object.keys(events.msk).sort(), [...ours, 'topic'].sort())
    assert.deepEqual(Object.keys(events.kafka).sort(), ours)
    assert.deepEqual(handler.custom, { mskTrigger: { type: 'object' } })
  })

  it('given settings that the framework has in one event only, then the other gets them', () => {
    const events = {
      msk: { onFailureDestination: { type: 'string' } } as Properties,
      kafka: {} as Properties,
    }
    extendEventSchemas(schemaHandler(events))
    assert.deepEqual(events.msk.onFailureDestination, {}, 'references are checked here')
    assert.deepEqual(events.kafka.onFailureDestination, {})
  })

  it('given bounds that are lower than those of Lambda, as in osls 4, then they are lifted', () => {
    const pollers = { type: 'object', properties: { maximumPollers: FROM_ONE_TO_1000 } }
    const events = {
      msk: { provisionedPollerConfig: pollers, startingPosition: { enum: ['LATEST'] } } as Properties,
      kafka: {} as Properties,
    }
    extendEventSchemas(schemaHandler(events))
    assert.deepEqual([events.msk.provisionedPollerConfig, events.msk.startingPosition], [{}, {}])
  })

  it('given a schema that cannot be seen, then what is missing is added, and the rest stays', () => {
    const events = { msk: { startingPosition: { enum: ['LATEST'] } } as Properties, kafka: {} as Properties }
    extendEventSchemas(schemaHandler(events, { isSchemaPublic: false }))
    assert.deepEqual(events.msk.startingPosition, { enum: ['LATEST'] })
    assert.deepEqual(events.msk.maximumRetryAttempts, {})
  })

  it('given another error, then it is not swallowed', () => {
    const handler = schemaHandler({ msk: {}, kafka: {} })
    handler.defineFunctionEventProperties = () => {
      throw new Error('no such event')
    }
    assert.throws(() => extendEventSchemas(handler), /no such event/)
  })
})
