import { RegistrySubjects } from '@sluice/schema-registry'
import { packagedSchema, SCHEMA_FORMATS, schemaSubject } from '../lib/app/packaged-schemas.ts'
import { SERIALIZED_TYPES } from '../lib/app/serialized-types.ts'

/** What a deployment should have, too: the new version of a schema reads what was written with the one before. */
const RULE = 'BACKWARD'
const FORMATS = { json: 'JSON', avro: 'AVRO', protobuf: 'PROTOBUF' } as const

/**
 * Registers the schemas that ship with the registry of the local cloud, as `sluice schemas register` does. A schema that it has already
 * stays as it is.
 *
 * @throws RegistryError for a schema that is not compatible with the version before: `--fresh` begins anew
 */
export async function registerSchemas(url: string, env: string): Promise<void> {
  const subjects = new RegistrySubjects(url)
  await subjects.setRule(RULE)
  for (const { type } of SERIALIZED_TYPES)
    for (const format of SCHEMA_FORMATS) {
      const packaged = await packagedSchema(type, format)
      if (packaged)
        await subjects.register(schemaSubject(type, format, env), { ...packaged, format: FORMATS[format] })
    }
}
