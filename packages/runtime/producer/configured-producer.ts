/** Makes the configuration of a producer from a settings file, by the rules of functions and commands. */

import type { Event } from '../consumer/event.ts'
import { fieldKey } from '../consumer/field-key.ts'
import { omitUndefined } from '../consumer/omit-undefined.ts'
import { isAllJson, type SchemaDataFormat } from '../consumer/serialization.ts'
import { ConfigError } from '../settings/config-error.ts'
import { configureDataWriter } from '../settings/configured-writer.ts'
import { generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import { chooseProfile, PRODUCER } from '../settings/producer-variables.ts'
import { readSettings } from '../settings/read-settings.ts'
import { REGISTRY } from '../settings/registry.ts'
import { resolveKafkaAccess } from '../settings/resolve-kafka-access.ts'
import { SERIALIZATION } from '../settings/serialization.ts'
import { readContent } from '../settings/settings-content.ts'
import { type Environment, setting, slice } from '../settings/slice.ts'
import { text } from '../settings/value-kinds.ts'
import { defaultKey, type ProducerConfig } from './producer-config.ts'

const TARGET = slice(
  'Target of a producer',
  {
    KAFKA_TOPIC: setting('kafka.topic', text(/^[\w.-]{1,249}$/, 'the name of a topic'), {
      description: 'The topic of the events.',
    }),
    PARTITION_KEY_FIELD: setting(
      'producer.partition_key_field',
      text(
        /^(?!(?:instance|type|tenant|random)$)[^\s.]+(?:\.[^\s.]+)*$/,
        'the path of a field of the data, such as tags.room; strategies are only for readings of families',
      ),
      { description: 'The field whose value is the record key.' },
    ),
  },
  ({ KAFKA_TOPIC: topic = '', PARTITION_KEY_FIELD: field }, refuse) => {
    if (topic === '') refuse('KAFKA_TOPIC', 'must name the topic')
    return { topic, keyField: field?.replace(/^data\./, '') }
  },
)

const SLICES = [generalSettings('app'), KAFKA, PRODUCER, REGISTRY, SERIALIZATION, TARGET] as const

/** Schemas of a program's own event types, as text by event type and format. */
export type ProducerSchemas = Readonly<Record<string, Readonly<Partial<Record<SchemaDataFormat, string>>>>>

/**
 * Returns the configuration that a settings file and environment variables describe. Variables override the file. Keys of other
 * sections than `producer` that a producer does not have are ignored, because the file may also be that of functions.
 *
 * @param content parsed content of the file: sections with keys, such as `producer.batch_size`
 * @param schemas schemas for `producer.serialization`. The data of other types is JSON.
 * @throws ConfigError that names every unknown or invalid key; an error if a secret or the schema registry cannot be read
 */
export async function readProducerConfig(
  content: unknown,
  schemas: ProducerSchemas = {},
  environment?: Environment,
): Promise<ProducerConfig> {
  const errors: string[] = []
  const values = readContent(content, SLICES, (path, message, names) => {
    if (names && path[0] !== 'producer') return
    errors.push(`${path.join('.')}: ${message}${names ? `. Use ${names.join(', ')}` : ''}`)
  })
  if (errors.length > 0) throw new ConfigError('the settings of the producer', errors)
  const settings = readSettings(SLICES, environment, values)
  const { topic, keyField, contentMode, profile, producer, serialization } = settings
  const types = Object.keys(schemas).map(type => ({ type }))
  if (types.length === 0 && !isAllJson(serialization))
    throw new ConfigError('the settings of the producer', [
      'producer.serialization: must be json unless the program passes schemas of its event types',
    ])
  const packagedSchema = (type: string, format: SchemaDataFormat) => {
    const text = schemas[type]?.[format]
    return Promise.resolve(text === undefined ? undefined : { text, references: [] })
  }
  const schemaSubjects = (type: string) => [`${topic}-value`, type]
  const [{ clientId: _, ...kafka }, writer] = await Promise.all([
    resolveKafkaAccess(settings.kafka, ''),
    configureDataWriter({ serializedTypes: types, packagedSchema, schemaSubjects }, settings),
  ])
  const key = (event: Event) => (keyField && fieldKey(event.data, keyField)) ?? defaultKey(event)
  return omitUndefined({
    ...{ kafka, topic, mode: contentMode, writer, key },
    ...chooseProfile(profile, settings),
    ...producer,
  })
}
