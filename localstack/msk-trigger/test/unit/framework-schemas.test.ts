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

/** The settings of the two events in the source of each framework. Serverless 4 as of August 2026; it cannot be run without a licence. */
const FRAMEWORKS = {
  'Serverless 3': { msk: MSK, kafka: KAFKA },
  'Serverless 4': { msk: MSK, kafka: KAFKA },
  'osls 4': {
    msk: [...MSK, 'provisionedPollerConfig'],
    kafka: [...KAFKA, 'provisionedPollerConfig', 'onFailureDestination'],
  },
}

const ADDED = [
  'functionResponseType',
  'maximumRetryAttempts',
  'maximumRecordAgeInSeconds',
  'bisectBatchOnFunctionError',
  'destinations',
  'schemaRegistryConfig',
]

type Properties = Record<string, object>

/** Refuses what every framework refuses: an event that does not exist, and a setting that does. */
function handlerOf(known: Readonly<Record<string, readonly string[]>>) {
  const events: Record<string, Properties> = {}
  for (const [event, names] of Object.entries(known))
    events[event] = Object.fromEntries(names.map(name => [name, { type: 'string' }]))
  const custom: Properties = {}
  const refuse = (code: string) => {
    throw Object.assign(new Error(code), { code })
  }
  const add = (to: Properties | undefined, { properties }: { properties: Properties }) => {
    if (!to) return refuse('UNRECOGNIZED_FUNCTION_EVENT_SCHEMA')
    if (Object.keys(properties).some(name => name in to)) return refuse('SCHEMA_COLLISION')
    Object.assign(to, properties)
  }
  return {
    events,
    custom,
    defineFunctionEventProperties: (_provider: string, event: string, schema: object) =>
      add(events[event], schema as { properties: Properties }),
    defineCustomProperties: (schema: object) => add(custom, schema as { properties: Properties }),
  }
}

describe('the configuration schemas of the frameworks', () => {
  for (const [framework, known] of Object.entries(FRAMEWORKS)) {
    it(`given the events of ${framework}, then they take the settings of the plugin, and keep their own`, () => {
      const handler = handlerOf(known)
      extendEventSchemas(handler)
      for (const event of ['msk', 'kafka'] as const)
        for (const name of [...known[event], ...ADDED])
          assert.ok(name in (handler.events[event] ?? {}), `${event}.${name}`)
      assert.deepEqual(Object.keys(handler.custom), ['mskTrigger'])
    })
  }
})
