import { command, environment } from '../command.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import {
  queryVerdicts,
  readShippedSchemas,
  requireCompatible,
  SCHEMAS_ARGUMENTS,
  SCHEMAS_OPTIONS,
} from './compare-schemas.ts'
import { formatSchemas } from './text.ts'

export default command({
  about: `Compare the packaged schemas with the schema registry: which are registered, which are new, which can become the next
version of their subject, and which the registry would refuse, with its reasons. Nothing is registered. If any would
be refused, the exit status is 1.`,
  more: `
The registry is that of --registry, else of SCHEMA_REGISTRY_URL (with SCHEMA_REGISTRY_SECRET), else that of
\`npm start -- --registry\`. A subject is named after topic and record, as Confluent's TopicRecordNameStrategy does.

Examples:
  sluice schemas check
  sluice schemas check io.sluice.alert.fired.v1 --env staging`,
  args: SCHEMAS_ARGUMENTS,
  options: { ...SCHEMAS_OPTIONS, env: environment('of the subjects') },
  withoutKafka: true,
  async run({ types, ...options }, terminal) {
    const config = resolveConfig(terminal, options.env)
    const { url, verdicts } = await queryVerdicts(
      await readShippedSchemas(types, config),
      options,
      config,
      terminal,
    )
    const schemas = verdicts.map(({ verdict }) => verdict)
    printReport(terminal, { env: config.env, registry: url, schemas }, options.json, formatSchemas)
    requireCompatible(schemas)
  },
})
