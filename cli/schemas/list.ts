import { command, environment } from '../command.ts'
import { configOf, environmentOf } from '../connections.ts'
import { printReport } from '../terminal.ts'
import { MORE, SCHEMAS_ARGUMENTS, SCHEMAS_OPTIONS, shippedSchemas } from './options.ts'
import { explained, registryOf, verdictsOn } from './registry.ts'
import { listText } from './text.ts'

const EXAMPLES = `
Examples:
  sluice schemas list
  sluice schemas list environment --format avro`

export default command({
  about: `List the packaged schemas: the subject of each, and whether the schema registry has the same schema.`,
  more: MORE + EXAMPLES,
  args: SCHEMAS_ARGUMENTS,
  options: {
    ...SCHEMAS_OPTIONS,
    env: environment('of the subjects'),
  },
  withoutKafka: true,
  async run({ types, ...options }, terminal) {
    const config = configOf(terminal, options.env)
    const shipped = await shippedSchemas(types, options, config.env)
    const registry = await registryOf(config, environmentOf(terminal, options.env), options.registry)
    const schemas = await explained(registry, () => verdictsOn(shipped, registry, false))
    printReport(terminal, { env: config.env, registry: registry.url, schemas }, options.json, listText)
  },
})
