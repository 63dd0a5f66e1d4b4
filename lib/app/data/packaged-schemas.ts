/** Schemas of event types, loaded or generated when a format is first needed: packaged ones in `events/schemas/`, and those of families. */
import type { PackagedSchema } from '#runtime/consumer'
import type { EventFormat, EventTypeRow } from '../../schemas/event-types.ts'
import { toDataschema } from '../../telemetry/dataschema.ts'
import { listEventTypes } from '../../telemetry/event-types.ts'
import type { Families, Family } from '../../telemetry/families.ts'
import { buildFamilySchema } from '../../telemetry/family-schema.ts'
import type { Vocabulary } from '../naming/names.ts'
import type { Signal } from '../naming/topic-table.ts'

interface Texts {
  readonly default: Readonly<Record<string, string>>
}

const FORMATS: Readonly<
  Record<EventFormat, { readonly extension: string; readonly load: () => Promise<Texts> }>
> = {
  json: { extension: '.json', load: () => import('../../schemas/compiled-texts-json.js') },
  avro: { extension: '.avsc', load: () => import('../../schemas/compiled-texts-avro.js') },
  protobuf: { extension: '.proto', load: () => import('../../schemas/compiled-texts-protobuf.js') },
}

/**
 * Returns the packaged schema of an event type; undefined if the type has no schema in this format. Packaged schemas do not
 * reference other schemas.
 */
export async function findPackagedSchema(
  families: Families,
  type: string,
  format: EventFormat,
): Promise<PackagedSchema | undefined> {
  const { extension } = FORMATS[format]
  const family = families.findByType(type)
  const text = family
    ? await writeFamilySchema(families, family, format)
    : await readPackagedText(type, format)
  if (text === undefined) return undefined
  const dataschema = toDataschema(type).replace(/\.json$/, extension)
  return { text, references: [], dataschema }
}

async function readPackagedText(type: string, format: EventFormat): Promise<string | undefined> {
  const { default: texts } = await FORMATS[format].load()
  return Object.hasOwn(texts, type) ? texts[type] : undefined
}

async function writeFamilySchema(
  families: Families,
  { type, file }: Family,
  format: EventFormat,
): Promise<string | undefined> {
  const row = listEventTypes(families).get(type) as EventTypeRow
  const schema = buildFamilySchema(file)
  if (format === 'json') return JSON.stringify(schema)
  if (row.formats.length === 1) return undefined
  const { writeBinarySchema } = await import('../../schemas/binary-schemas.ts')
  const text = writeBinarySchema(format, type, row, schema)
  return format === 'avro' ? JSON.stringify(JSON.parse(text)) : text
}

/**
 * Returns the registry subject for the schema of an event type. It contains the topic name, as with Confluent's
 * TopicRecordNameStrategy, so each environment has separate subjects. Each subject contains schemas of one format only. Avro subjects
 * have no suffix; other subjects end with the name of the format.
 */
export function schemaSubject(
  { families, names }: Vocabulary,
  type: string,
  format: EventFormat,
  env: string,
): string {
  const { topic: signal, record, formats = [] } = listEventTypes(families).get(type) ?? {}
  if (formats.length < 2) throw new Error(`${type} has no subject: its data is always JSON`)
  return `${names.topicName(signal as Signal, env)}-${type}.${record}${format === 'avro' ? '' : `-${format}`}`
}
