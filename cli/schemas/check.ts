import { command, environment } from '../command.ts'
import { configOf, environmentOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { printReport } from '../terminal.ts'
import { MORE, SCHEMAS_ARGUMENTS, SCHEMAS_OPTIONS, shippedSchemas } from './options.ts'
import { explained, registryOf, verdictsOn } from './registry.ts'
import { planText } from './text.ts'

const EXAMPLES = `
Examples:
  sluice schemas check
  sluice schemas check io.sluice.alert.fired.v1 --env staging`

export default command({
  about: `Show what \`sluice schemas register\` would do: which schemas are new, which become the next version of their subject,
and which the registry would reject, with the changes. Nothing is registered. If any would be rejected, the exit
status is 1.`,
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
    const schemas = await explained(registry, () => verdictsOn(shipped, registry, true))
    printReport(terminal, { env: config.env, registry: registry.url, schemas }, options.json, planText)
    requireCompatible(schemas)
  },
})

/**
 * Checks that no schema is incompatible with the previous version.
 *
 * @throws CliFailure
 */
export function requireCompatible(schemas: readonly { readonly standing: string }[]): void {
  const refused = schemas.filter(({ standing }) => standing === 'incompatible').length
  if (refused === 0) return
  throw new CliFailure(
    refused === 1 ? '1 schema was rejected: see above.' : `${refused} schemas were rejected: see above.`,
  )
}
