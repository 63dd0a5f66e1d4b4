import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { extendEventSchemas } from '../../config/event-schema.ts'
import { type Properties, schemaHandler } from './framework.ts'

const BOTH = [
  'batchSize',
  'maximumBatchingWindow',
  'enabled',
  'startingPosition',
  'startingPositionTimestamp',
  'topic',
  'consumerGroupId',
  'filterPatterns',
]
const MSK = ['arn', 'saslScram512', ...BOTH]
const KAFKA = ['accessConfigurations', 'bootstrapServers', ...BOTH]
const ADDED = [
  'functionResponseType',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'onFailureDestination',
  'destinations',
  'schemaRegistryConfig',
]

/**
 * Schema of each framework for the two events, from its source. Serverless 4 is that of August 2026: it does not run without a
 * licence.
 */
const FRAMEWORKS = {
  'Serverless 3': { msk: MSK, kafka: KAFKA },
  'Serverless 4': { msk: MSK, kafka: KAFKA },
  'osls 4': {
    msk: [...MSK, 'provisionedPollerConfig'],
    kafka: [...KAFKA, 'provisionedPollerConfig', 'onFailureDestination'],
  },
  'a later one that knows every setting': { msk: [...MSK, ...ADDED], kafka: [...KAFKA, ...ADDED] },
}

const FRAMEWORKS_OWN = { type: 'string' }

type Schemas = Record<string, Record<string, object>>

/** Refuses, as every framework does, an event that does not exist and a setting that does. */
function handlerOf(known: Readonly<Record<string, readonly string[]>>) {
  const events: Schemas = {}
  for (const [event, names] of Object.entries(known))
    events[event] = Object.fromEntries(names.map(name => [name, FRAMEWORKS_OWN]))
  const custom: Record<string, object> = {}
  const add = (to: Record<string, object> | undefined, properties: Record<string, object>) => {
    if (!to) throw Object.assign(new Error('no such event'), { code: 'UNRECOGNIZED_FUNCTION_EVENT_SCHEMA' })
    for (const name of Object.keys(properties))
      if (name in to) throw Object.assign(new Error(`${name} is there`), { code: 'SCHEMA_COLLISION' })
    Object.assign(to, properties)
  }
  return {
    events,
    custom,
    defineFunctionEventProperties: (_: string, event: string, schema: object) =>
      add(events[event], (schema as { properties: Record<string, object> }).properties),
    defineCustomProperties: (schema: object) =>
      add(custom, (schema as { properties: Record<string, object> }).properties),
  }
}

describe('the configuration schema', () => {
  for (const [framework, known] of Object.entries(FRAMEWORKS)) {
    it(`given ${framework}, then its events take every setting, and keep theirs`, () => {
      const handler = handlerOf(known)
      extendEventSchemas(handler)
      for (const event of ['msk', 'kafka'] as const) {
        const { [event]: settings = {} } = handler.events
        for (const name of ADDED) assert.ok(name in settings, `${event}.${name}`)
        for (const name of known[event]) assert.equal(settings[name], FRAMEWORKS_OWN, `${event}.${name}`)
      }
      assert.deepEqual(handler.custom, { mskTrigger: { type: 'object' } })
    })
  }

  it('given a framework without one of the events, then its own error is not hidden', () => {
    assert.throws(() => extendEventSchemas(handlerOf({ msk: MSK })), {
      code: 'UNRECOGNIZED_FUNCTION_EVENT_SCHEMA',
    })
  })
})

const FROM_ONE_TO_1000 = { type: 'integer', minimum: 1, maximum: 1000 }

const ours = [
  'bisectBatchOnFunctionError',
  'destinations',
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
  it('given a framework that has none of the settings, as Serverless 3, then it has them all', () => {
    const events = { msk: { topic: {} } as Properties, kafka: {} as Properties }
    const handler = schemaHandler(events)
    assert.deepEqual(extendEventSchemas(handler), { hasProvisionedMode: false })
    assert.deepEqual(Object.keys(events.msk).sort(), [...ours, 'topic'].sort())
    assert.deepEqual(Object.keys(events.kafka).sort(), ours)
    assert.deepEqual(handler.custom, { mskTrigger: { type: 'object' } })
  })

  it('given settings that the framework has in one event only, as osls 3, then the other gets them', () => {
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
    assert.deepEqual(extendEventSchemas(schemaHandler(events)), { hasProvisionedMode: true })
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
