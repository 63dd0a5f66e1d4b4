/** Compares the packaged schemas with the schema registry. */
import { isRegistryError, type RegistrySubjects, type Schema } from '@sluice/schema-registry'
import type { SerializedType } from '#runtime/consumer'
import { createRegistrySubjects, registryUnavailable } from '#runtime/operating/registry'
import { findPackagedSchema, schemaSubject } from '../../../lib/app/data/packaged-schemas.ts'
import { listSerializedTypes } from '../../../lib/app/data/serialized-types.ts'
import { EVENT_FORMATS } from '../../../lib/schemas/event-types.ts'
import { OperationFailure, usageFailure } from '../../../lib/support/operation-failure.ts'
import type { Config } from '../../environment/config.ts'
import { listField, optionalNameField } from '../../questions/field.ts'

export const TYPES_FIELD = listField(
  optionalNameField('event types or families (default: all whose data can be Avro or Protobuf)'),
)

/** Packaged schema, and its subject in the registry. */
interface ShippedSchema {
  readonly type: string
  readonly format: 'json' | 'avro' | 'protobuf'
  readonly subject: string
}

/**
 * Status of a schema, as it is shown.
 * - `registered`: the subject contains the schema;
 * - `new`: the subject does not exist;
 * - `next version`: the schema can become the next version of its subject;
 * - `refused`: the schema cannot become the next version.
 */
const STATUSES = ['registered', 'new', 'next version', 'refused'] as const

/** Packaged schema with the verdict of the registry. */
export interface ComparedSchema extends ShippedSchema {
  readonly status: (typeof STATUSES)[number]
  /** Id in the registry; null if the schema is not registered. */
  readonly id: number | null
  /** Last version of the subject; null if the subject does not exist. */
  readonly version: number | null
  /** Compatibility mode of the subject, such as BACKWARD; null if no mode is set. */
  readonly rule: string | null
  /** Reasons for which the registry would refuse the schema. Not every registry gives them. */
  readonly reasons: readonly string[]
}

/** Comparison of schemas with a registry. */
export interface SchemaComparison {
  readonly env: string
  /** Address of the registry, without credentials. */
  readonly registry: string
  readonly schemas: readonly ComparedSchema[]
}

/**
 * Compares the packaged schemas of the types, in all formats, with the registry.
 *
 * @throws OperationFailure if a type is unknown or its data is always encoded as JSON, or if the registry does not answer or refuses
 * a request
 */
export async function compareSchemas(
  config: Config,
  named: readonly string[] = [],
): Promise<SchemaComparison> {
  const all = listSerializedTypes(config.families)
  const types = named.length === 0 ? all.map(({ type }) => type) : named.map(type => requireType(type, all))
  const schemas: ComparedSchema[] = []
  await withSubjects(config, async subjects => {
    // Send requests one at a time, because some registries answer many concurrent requests with errors.
    for (const type of new Set(types))
      for (const format of EVENT_FORMATS) {
        const subject = schemaSubject(config, type, format, config.env)
        schemas.push(await compareSchema(config, { type, format, subject }, subjects))
      }
  })
  return { env: config.env, registry: config.registry?.url ?? '', schemas }
}

function requireType(wanted: string, all: readonly SerializedType[]): string {
  const found = all.find(({ type, name }) => type === wanted || name === wanted)
  if (found) return found.type
  const names = all.flatMap(({ type, name: family }) => (family ? [type, family] : [type]))
  throw usageFailure(
    `"${wanted}" is not an event type or family whose data can be Avro or Protobuf. Use ${names.join(', ')}.`,
  )
}

/** Uses the subjects of the registry. @throws OperationFailure if the registry does not answer, or refuses a request */
export async function withSubjects<T>(
  { registry }: Pick<Config, 'registry'>,
  use: (subjects: RegistrySubjects) => Promise<T>,
): Promise<T> {
  if (!registry) throw new OperationFailure('No schema registry is configured: set SCHEMA_REGISTRY_URL.')
  try {
    return await use(await createRegistrySubjects(registry))
  } catch (error) {
    if (!isRegistryError(error) || error.code === 'unusable-schema') throw error
    throw new OperationFailure(registryUnavailable(error).message, { cause: error })
  }
}

const FORMATS = { json: 'JSON', avro: 'AVRO', protobuf: 'PROTOBUF' } as const

/** Returns a packaged schema, as it is registered. */
export async function readSchema(
  { families }: Pick<Config, 'families'>,
  { type, format }: Pick<ShippedSchema, 'type' | 'format'>,
): Promise<Schema> {
  const packaged = await findPackagedSchema(families, type, format)
  if (!packaged) throw new OperationFailure(`${type} has no schema in the format ${format}.`)
  return { format: FORMATS[format], text: packaged.text, references: [] }
}

async function compareSchema(
  config: Config,
  shipped: ShippedSchema,
  subjects: RegistrySubjects,
): Promise<ComparedSchema> {
  const { subject } = shipped
  const schema = await readSchema(config, shipped)
  const id = (await subjects.findId(subject, schema)) ?? null
  const version = (await subjects.version(subject))?.version ?? null
  const facts = { ...shipped, id, version, rule: (await subjects.rule(subject)) ?? null }
  if (id !== null) return { ...facts, status: 'registered', reasons: [] }
  if (version === null) return { ...facts, status: 'new', reasons: [] }
  const { isCompatible, reasons } = await subjects.compatibility(subject, schema)
  return { ...facts, status: isCompatible ? 'next version' : 'refused', reasons }
}

/** Returns a line for each schema, the reasons of refusals, and a line with counts. Pure. */
export function describeSchemas({ registry, schemas }: SchemaComparison): string[] {
  return [
    `Schema registry ${registry}`,
    ...schemas.flatMap(({ subject, status, id, version, rule, reasons }) => {
      const facts = [
        ...(id === null ? [] : [`id ${id}`]),
        ...(version === null ? [] : [`last version ${version}`]),
        `rule: ${rule ?? "the registry's default"}`,
      ]
      const sign = { registered: ' ', new: '+', 'next version': '~', refused: '!' }[status]
      return [
        `${sign} ${status.padEnd(12)}  ${subject} (${facts.join(', ')})`,
        ...reasons.map(reason => `    ${reason}`),
      ]
    }),
    `${STATUSES.map(status => `${countStatus(schemas, status)} ${status}`).join(', ')}.`,
  ]
}

/** Returns how many schemas would be refused; undefined if none. */
export function describeRefused({ schemas }: SchemaComparison): string | undefined {
  const refused = countStatus(schemas, 'refused')
  return refused > 0 ? `${refused} of ${schemas.length} schemas would be refused: see above.` : undefined
}

function countStatus(schemas: readonly ComparedSchema[], status: ComparedSchema['status']): number {
  return schemas.filter(schema => schema.status === status).length
}
