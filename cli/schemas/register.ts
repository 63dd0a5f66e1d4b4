import { command, environment, flag } from '../command.ts'
import { configOf, environmentOf } from '../connections.ts'
import { confirm } from '../state/confirm.ts'
import { printReport } from '../terminal.ts'
import { requireCompatible } from './check.ts'
import { MORE, SCHEMAS_ARGUMENTS, SCHEMAS_OPTIONS, shippedSchemas } from './options.ts'
import { explained, registryOf, schemaOf, verdictsOn } from './registry.ts'
import { planText, registeredText } from './text.ts'

const EXAMPLES = `
Examples:
  sluice schemas register
  sluice schemas register environment --format protobuf --env prod --yes`

export default command({
  about: `Register the packaged schemas that the schema registry does not have.

The command shows the schemas first and asks for confirmation. Schemas that the registry would reject are skipped, and
the exit status is then 1. Schemas that are already registered are unchanged.`,
  more: MORE + EXAMPLES,
  args: SCHEMAS_ARGUMENTS,
  options: {
    ...SCHEMAS_OPTIONS,
    yes: flag('do not ask for confirmation'),
    env: environment('of the subjects'),
  },
  withoutKafka: true,
  async run({ types, ...options }, terminal) {
    const config = configOf(terminal, options.env)
    const shipped = await shippedSchemas(types, options, config.env)
    const registry = await registryOf(config, environmentOf(terminal, options.env), options.registry)
    const schemas = await explained(registry, () => verdictsOn(shipped, registry, true))
    const report = { env: config.env, registry: registry.url, schemas }
    // With --json, standard output contains only one document with the result.
    const { stdout, stderr } = terminal
    ;(options.json ? stderr : stdout).write(planText(report))
    const due = shipped.filter((_, index) => ['new', 'compatible'].includes(schemas[index]?.standing ?? ''))
    const registered: { subject: string; id: number }[] = []
    try {
      if (due.length > 0) {
        await confirm(`Register with ${registry.url}?`, options.yes, terminal)
        for (const one of due) {
          const id = await explained(registry, () => registry.subjects.register(one.subject, schemaOf(one)))
          registered.push({ subject: one.subject, id })
        }
      }
    } finally {
      printReport(terminal, { ...report, registered }, options.json, registeredText)
    }
    requireCompatible(schemas)
  },
})
