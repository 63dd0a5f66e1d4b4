/** Stand-ins for the parts of the Serverless Framework that the plugin uses. */

import process from 'node:process'
import type { FunctionDefinition, Serverless } from '../../support/serverless.ts'

export type Properties = Record<string, object>

/** The schema handler of a framework whose events have these settings. */
export function schemaHandler(events: Record<'msk' | 'kafka', Properties>, { isSchemaPublic = true } = {}) {
  const custom: Properties = {}
  const anyOf = [
    { properties: { sqs: {} } },
    ...Object.entries(events).map(([kind, properties]) => ({ properties: { [kind]: { properties } } })),
  ]
  const functions = { patternProperties: { '^[a-z]+$': { properties: { events: { items: { anyOf } } } } } }
  return {
    custom,
    ...(isSchemaPublic && { schema: { properties: { functions } } }),
    defineFunctionEventProperties(_: string, event: string, { properties }: { properties: Properties }) {
      const known = events[event as 'msk' | 'kafka']
      for (const name of Object.keys(properties))
        if (name in known) throw Object.assign(new Error(`${name} is there`), { code: 'SCHEMA_COLLISION' })
      Object.assign(known, properties)
    },
    defineCustomProperties({ properties }: { properties: Properties }) {
      Object.assign(custom, properties)
    },
  }
}

/** Names that the framework gives to the parts of a stack. */
export const NAMING = {
  getMSKEventLogicalId: (...parts: string[]) => `MSK.${parts.join('.')}`,
  getKafkaEventLogicalId: (...parts: string[]) => `Kafka.${parts.join('.')}`,
  getStackName: () => 'shop-dev',
  getLambdaLogicalId: (key: string) => `${key[0]?.toUpperCase()}${key.slice(1)}LambdaFunction`,
  getLambdaLayerLogicalId: (key: string) => `${key[0]?.toUpperCase()}${key.slice(1)}LambdaLayer`,
}

/** Runtime of the Node.js that runs the tests, so that no line says what differs. */
const OF_THIS_NODE = `nodejs${Number.parseInt(process.versions.node, 10)}.x`

/** A framework with these functions, and what is set under `custom`. */
export function createServerless(
  functions: Record<string, FunctionDefinition>,
  custom: Record<string, unknown>,
  {
    msk = {},
    resources = {},
    template = {},
  }: { msk?: Properties; resources?: object; template?: object } = {},
) {
  return {
    config: { servicePath: '/shop' },
    service: {
      service: 'shop',
      custom,
      provider: { runtime: OF_THIS_NODE, compiledCloudFormationTemplate: { Resources: template } },
      resources: { Resources: resources },
      getAllFunctions: () => Object.keys(functions),
      getFunction: (key: string) => functions[key] ?? {},
    },
    configSchemaHandler: schemaHandler({ msk: { ...msk }, kafka: {} }),
    pluginManager: { getPlugins: () => [] },
    classes: {
      Error: class extends Error {
        readonly code: string

        constructor(message: string, code: string) {
          super(message)
          this.code = code
        }
      },
    },
    getProvider: () => ({ naming: NAMING, getStage: () => 'dev', getRegion: () => 'eu-west-1' }),
  } as unknown as Serverless
}
