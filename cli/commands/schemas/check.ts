import type { Command } from 'commander'
import { configOf, environmentOf } from '../../connections.ts'
import { CliFailure } from '../../failure.ts'
import { more } from '../../help.ts'
import { MORE, type SchemasOptions, shippedSchemas, withSchemasOptions } from '../../schemas/options.ts'
import { explained, registryOf, verdictsOn } from '../../schemas/registry.ts'
import { planText } from '../../schemas/text.ts'
import { printReport, type Terminal } from '../../terminal.ts'

const ABOUT = `Show what \`sluice schemas register\` would do: which schemas are new, which become the next version of their subject, and which the
registry would refuse, with what has changed. Nothing is registered. If one would be refused, the exit status is 1.`

const EXAMPLES = `
Examples:
  sluice schemas check
  sluice schemas check io.sluice.alert.fired.v1 --env staging`

export function addSchemasCheck(schemas: Command, terminal: Terminal): void {
  const command = schemas.command('check').summary('show what registering would do').description(ABOUT)
  withSchemasOptions(command, 'whose subjects are asked')
    .addHelpText('after', more(MORE + EXAMPLES))
    .action((types: string[], options: SchemasOptions) => check(types, options, terminal))
}

async function check(types: readonly string[], options: SchemasOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, options.env)
  const shipped = await shippedSchemas(types, options, config.env)
  const registry = await registryOf(config, environmentOf(terminal, options.env), options.registry)
  const schemas = await explained(registry, () => verdictsOn(shipped, registry, true))
  printReport(terminal, { env: config.env, registry: registry.url, schemas }, options.json, planText)
  requireCompatible(schemas)
}

/** @throws CliFailure if one is refused */
export function requireCompatible(schemas: readonly { readonly standing: string }[]): void {
  const refused = schemas.filter(({ standing }) => standing === 'incompatible').length
  if (refused === 0) return
  throw new CliFailure(
    refused === 1 ? '1 schema is refused: see above.' : `${refused} schemas are refused: see above.`,
  )
}
