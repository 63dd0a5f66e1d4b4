/** Options that all `schemas` commands share. */
import { packagedSchema, SUBJECT_STRATEGIES, schemaSubject } from '../../lib/app/packaged-schemas.ts'
import { SERIALIZED_TYPES } from '../../lib/app/serializing.ts'
import { EVENT_FORMATS, EVENT_TYPE_NAMES, fileNameOf } from '../../lib/event-types.ts'
import { suggestion } from '../../lib/similar.ts'
import { REGISTRY_ADDRESS } from '../../packages/runtime/settings/registry.ts'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import {
  ANY_TEXT,
  address,
  JSON_OPTION,
  option,
  optionalArguments,
  optionList,
  optionWithDefault,
  type ValuesOf,
} from '../command.ts'
import { CliFailure } from '../failure.ts'
import type { ShippedSchema } from './verdict.ts'

export const MORE = `
A subject is named as Confluent's serializers name it. topic-record: the topic and the record, because a topic carries several types, and so that each
environment has subjects of its own. record: the record alone, for a registry of one environment, or where all are to share one history. The
topic alone (TopicNameStrategy) is not offered: it allows one type per topic. A subject has one format: the record's own name is that of
Avro; -protobuf and -json follow it for the others.

The registry is that of --registry, else of SCHEMA_REGISTRY_URL (with SCHEMA_REGISTRY_SECRET), else that of \`npm start -- --registry\`.`

export const SCHEMAS_ARGUMENTS = {
  types: optionalArguments(
    'event types or families (default: all whose data can be Avro or Protobuf)',
    ANY_TEXT,
  ),
}

export const SCHEMAS_OPTIONS = {
  format: optionList(
    '<format>',
    `only this format; can be repeated: ${EVENT_FORMATS.join(', ')}`,
    oneOf(EVENT_FORMATS),
  ),
  subjectStrategy: optionWithDefault(
    '<name>',
    'naming strategy of subjects',
    oneOf(SUBJECT_STRATEGIES),
    SUBJECT_STRATEGIES[0],
  ),
  registry: address(option('<url>', 'address of the registry', REGISTRY_ADDRESS)),
  json: JSON_OPTION,
}

type SchemasOptions = Pick<ValuesOf<typeof SCHEMAS_OPTIONS>, 'format' | 'subjectStrategy'>

/**
 * Returns the packaged schemas that the options select.
 *
 * @throws CliFailure if a type is unknown, or if its data is always encoded as JSON
 */
export async function shippedSchemas(
  names: readonly string[],
  { format, subjectStrategy }: SchemasOptions,
  env: string,
): Promise<ShippedSchema[]> {
  const types = names.length === 0 ? SERIALIZED_TYPES.map(({ type }) => type) : names.map(typeNamed)
  const formats = format.length === 0 ? EVENT_FORMATS : format
  const schemas: ShippedSchema[] = []
  for (const type of new Set(types))
    for (const format of formats) {
      const packaged = await packagedSchema(type, format)
      if (!packaged) throw new CliFailure(`${type} has no schema in the format ${format}.`)
      const subject = schemaSubject(type, format, env, subjectStrategy)
      schemas.push({ type, format, subject, text: packaged.text })
    }
  return schemas
}

function typeNamed(name: string): string {
  const found = SERIALIZED_TYPES.find(one => one.type === name || one.name === name)
  if (found) return found.type
  const json = EVENT_TYPE_NAMES.find(type => [type, fileNameOf(type)].includes(name))
  if (json)
    throw new CliFailure(
      `The data of ${json} is always JSON, so that every version of the code can read it without a registry. It has no subject.`,
      2,
    )
  const names = SERIALIZED_TYPES.flatMap(({ type, name: family }) => (family ? [type, family] : [type]))
  const known = suggestion(name, names) ?? ` Use ${names.join(', ')}.`
  throw new CliFailure(
    `"${name}" is not an event type or family whose data can be Avro or Protobuf.${known}`,
    2,
  )
}
