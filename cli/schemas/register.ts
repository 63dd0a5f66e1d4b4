import { command, environment, flag } from '../command.ts'
import { confirm } from '../operation/confirm.ts'
import { resolveConfig } from '../servers/settings.ts'
import { getColumns, printReport } from '../terminal.ts'
import {
  queryVerdicts,
  readShippedSchemas,
  requireCompatible,
  SCHEMAS_ARGUMENTS,
  SCHEMAS_OPTIONS,
} from './compare-schemas.ts'
import { formatRegistered, formatSchemas } from './text.ts'

export default command({
  about: `Register the packaged schemas that the schema registry does not have.

The command shows the schemas first, as \`sluice schemas check\` does, and asks for confirmation. Schemas that the
registry would refuse are skipped, and the exit status is then 1. Schemas that are already registered are unchanged.`,
  more: `
Examples:
  sluice schemas register
  sluice schemas register environment --env prod --yes`,
  args: SCHEMAS_ARGUMENTS,
  options: {
    ...SCHEMAS_OPTIONS,
    yes: flag('do not ask for confirmation'),
    env: environment('of the subjects'),
  },
  withoutKafka: true,
  async run({ types, ...options }, terminal) {
    const config = resolveConfig(terminal, options.env)
    const shipped = await readShippedSchemas(types, config)
    const { url, verdicts, register } = await queryVerdicts(shipped, options, config, terminal)
    const schemas = verdicts.map(({ verdict }) => verdict)
    const report = { env: config.env, registry: url, schemas }
    // With --json, standard output contains only one document with the result.
    const { stdout, stderr } = terminal
    ;(options.json ? stderr : stdout).write(formatSchemas(report, getColumns(terminal)))
    const due = verdicts.filter(({ verdict: { standing } }) => ['new', 'compatible'].includes(standing))
    const registered: { subject: string; id: number }[] = []
    try {
      if (due.length > 0) {
        await confirm(`Register with ${url}?`, options.yes, terminal)
        for (const { shipped } of due)
          registered.push({ subject: shipped.subject, id: await register(shipped) })
      }
    } finally {
      printReport(terminal, { ...report, registered }, options.json, formatRegistered)
    }
    requireCompatible(schemas)
  },
})
