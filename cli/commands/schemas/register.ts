import type { Command } from 'commander'
import { configOf, environmentOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { MORE, type SchemasOptions, shippedSchemas, withSchemasOptions } from '../../schemas/options.ts'
import { explained, registryOf, schemaOf, verdictsOn } from '../../schemas/registry.ts'
import { planText, registeredText } from '../../schemas/text.ts'
import { confirm } from '../../state/confirm.ts'
import { printReport, type Terminal } from '../../terminal.ts'
import { requireCompatible } from './check.ts'

interface RegisterOptions extends SchemasOptions {
  readonly yes?: true
}

const ABOUT = `Register the schemas that ship, where the schema registry does not have them.

It shows first what would be registered, and asks. What the registry would refuse is left out, and the exit status is then 1. A
schema that is registered already stays as it is.`

const EXAMPLES = `
Examples:
  sluice schemas register
  sluice schemas register environment --format protobuf --env prod --yes`

export function addSchemasRegister(schemas: Command, terminal: Terminal): void {
  const command = schemas.command('register').summary('register schemas').description(ABOUT)
  withSchemasOptions(command, 'whose subjects are registered')
    .option('--yes', 'do not ask')
    .addHelpText('after', more(MORE + EXAMPLES))
    .action((types: string[], options: RegisterOptions) => register(types, options, terminal))
}

async function register(
  types: readonly string[],
  options: RegisterOptions,
  terminal: Terminal,
): Promise<void> {
  const config = configOf(terminal, options.env)
  const shipped = await shippedSchemas(types, options, config.env)
  const registry = await registryOf(config, environmentOf(terminal, options.env), options.registry)
  const schemas = await explained(registry, () => verdictsOn(shipped, registry, true))
  const report = { env: config.env, registry: registry.url, schemas }
  // With --json, standard output is one document, which says what was done.
  const { stdout, stderr } = terminal
  ;(options.json ? stderr : stdout).write(planText(report))
  const due = shipped.filter((_, index) => ['new', 'compatible'].includes(schemas[index]?.standing ?? ''))
  const registered: { subject: string; id: number }[] = []
  try {
    if (due.length > 0) {
      await confirm(`Register with ${registry.url}?`, options.yes ?? false, terminal)
      for (const one of due) {
        const id = await explained(registry, () => registry.subjects.register(one.subject, schemaOf(one)))
        registered.push({ subject: one.subject, id })
      }
    }
  } finally {
    printReport(terminal, { ...report, registered }, options.json, registeredText)
  }
  requireCompatible(schemas)
}
