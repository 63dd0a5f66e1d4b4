import {
  compareSchemas,
  describeRefused,
  describeSchemas,
  TYPES_FIELD,
} from '../../control/operations/schemas/compare-schemas.ts'
import { listField, optionalNameField } from '../../control/questions/field.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { REGISTRY_OPTION } from '../kafka-options.ts'
import { escapeText } from '../output/text-width.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'

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
  fields: {
    types: listField(optionalNameField(TYPES_FIELD.about, TYPES_FIELD.kind)),
    registry: REGISTRY_OPTION,
    json: JSON_OPTION,
    env: environment('of the subjects'),
  },
  withoutKafka: true,
  async run({ types, json, env }, terminal) {
    const compared = await compareSchemas(resolveConfig(terminal, env), types)
    const toText = () =>
      describeSchemas(compared)
        .map(line => `${escapeText(line)}\n`)
        .join('')
    printReport(terminal, compared, json, toText)
    const refused = describeRefused(compared)
    if (refused !== undefined) throw new CliFailure(refused)
  },
})
