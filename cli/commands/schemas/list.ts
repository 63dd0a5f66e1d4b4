import type { Command } from 'commander'
import { configOf, environmentOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { MORE, type SchemasOptions, shippedSchemas, withSchemasOptions } from '../../schemas/options.ts'
import { explained, registryOf, verdictsOn } from '../../schemas/registry.ts'
import { listText } from '../../schemas/text.ts'
import { printReport, type Terminal } from '../../terminal.ts'

const ABOUT = `List the schemas that ship: the subject of each, and whether the schema registry has it as it is.`

const EXAMPLES = `
Examples:
  sluice schemas list
  sluice schemas list environment --format avro`

export function addSchemasList(schemas: Command, terminal: Terminal): void {
  const command = schemas
    .command('list')
    .summary('list schemas, and what the registry has')
    .description(ABOUT)
  withSchemasOptions(command, 'whose subjects are listed')
    .addHelpText('after', more(MORE + EXAMPLES))
    .action((types: string[], options: SchemasOptions) => list(types, options, terminal))
}

async function list(types: readonly string[], options: SchemasOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, options.env)
  const shipped = await shippedSchemas(types, options, config.env)
  const registry = await registryOf(config, environmentOf(terminal, options.env), options.registry)
  const schemas = await explained(registry, () => verdictsOn(shipped, registry, false))
  printReport(terminal, { env: config.env, registry: registry.url, schemas }, options.json, listText)
}
