import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { extendEventSchemas } from '../../config/event-schema.ts'

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

/** What each framework knows of the two events, as their source says. Serverless 4 is that of August 2026. */
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
    it(`given ${framework}, then its events take every setting, and keep what they had`, () => {
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
