/** Compares the packaged schemas with a schema registry. */
import { isRegistryError, RegistrySubjects, type Schema } from '@sluice/schema-registry'
import { createRegistrySubjects, registryUnavailable } from '#runtime/adapters/registry/data-writer.ts'
import type { SerializedType } from '#runtime/consumer/index.ts'
import { REGISTRY } from '#runtime/settings/index.ts'
import type { Config } from '../../lib/app/config.ts'
import { findPackagedSchema, schemaSubject } from '../../lib/app/packaged-schemas.ts'
import { listSerializedTypes } from '../../lib/app/serialized-types.ts'
import { LOCAL_PORTS, readSettings } from '../../lib/app/settings/index.ts'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { EVENT_FORMATS } from '../../lib/schemas/event-types.ts'
import { ANY_TEXT, address, JSON_OPTION, optionalArguments } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { resolveEnvironment } from '../servers/settings.ts'
import { settingOption } from '../setting-options.ts'
import type { Terminal } from '../terminal.ts'

export const SCHEMAS_ARGUMENTS = {
  types: optionalArguments(
    'event types or families (default: all whose data can be Avro or Protobuf)',
    ANY_TEXT,
  ),
}

export const SCHEMAS_OPTIONS = {
  registry: address(settingOption(REGISTRY.settings, 'SCHEMA_REGISTRY_URL')),
  json: JSON_OPTION,
}

/** Packaged schema, and its subject in the registry. */
interface ShippedSchema {
  readonly type: string
  readonly format: 'json' | 'avro' | 'protobuf'
  readonly subject: string
  readonly text: string
}

/**
 * Returns the packaged schemas of the types, in all formats.
 *
 * @throws CliFailure if a type is unknown, or if its data is always encoded as JSON
 */
export async function readShippedSchemas(
  named: readonly string[],
  config: Pick<Config, 'env' | 'families' | 'names'>,
): Promise<ShippedSchema[]> {
  const { families } = config
  const all = listSerializedTypes(families)
  const types = named.length === 0 ? all.map(({ type }) => type) : named.map(type => requireType(type, all))
  const schemas: ShippedSchema[] = []
  for (const type of new Set(types))
    for (const format of EVENT_FORMATS) {
      const packaged = await findPackagedSchema(families, type, format)
      if (!packaged) throw new CliFailure(`${type} has no schema in the format ${format}.`)
      const subject = schemaSubject(config, type, format, config.env)
      schemas.push({ type, format, subject, text: packaged.text })
    }
  return schemas
}

function requireType(wanted: string, all: readonly SerializedType[]): string {
  const found = all.find(({ type, name }) => type === wanted || name === wanted)
  if (found) return found.type
  const names = all.flatMap(({ type, name: family }) => (family ? [type, family] : [type]))
  throw new CliFailure(
    `"${wanted}" is not an event type or family whose data can be Avro or Protobuf. Use ${names.join(', ')}.`,
    2,
  )
}

/**
 * Status of a schema.
 * - `registered`: the subject contains the schema;
 * - `new`: the subject does not exist;
 * - `compatible`: the schema can become the next version of its subject;
 * - `incompatible`: the schema cannot become the next version.
 */
export type SchemaStatus = 'registered' | 'new' | 'compatible' | 'incompatible'

/** Verdict of a registry on a packaged schema. */
export interface Verdict extends Pick<ShippedSchema, 'type' | 'format' | 'subject'> {
  readonly standing: SchemaStatus
  /** Id in the registry; null if the schema is not registered. */
  readonly id: number | null
  /** Last version of the subject; null if the subject does not exist. */
  readonly version: number | null
  /** Compatibility mode of the subject, such as BACKWARD; null if no mode is set. */
  readonly rule: string | null
  /** Reasons for which the registry would refuse the schema. */
  readonly reasons: readonly string[]
}

interface Verdicts {
  /** Address of the registry, without credentials. */
  readonly url: string
  readonly verdicts: readonly { readonly shipped: ShippedSchema; readonly verdict: Verdict }[]
  /** Registers a schema, and returns its id. */
  readonly register: (shipped: ShippedSchema) => Promise<number>
}

/**
 * Asks the registry about each schema. It is the registry of the option, else of the settings, else of the local cloud.
 *
 * @throws CliFailure if the registry does not answer, or refuses a request
 */
export async function queryVerdicts(
  schemas: readonly ShippedSchema[],
  {
    registry: requestedUrl,
    env,
  }: { readonly registry?: string | undefined; readonly env?: string | undefined },
  { registry: set }: Config,
  terminal: Terminal,
): Promise<Verdicts> {
  const getLocalUrl = () =>
    localRegistryUrl(readSettings([LOCAL_PORTS], resolveEnvironment(terminal, env)).registryPort)
  const url = requestedUrl ?? set?.url ?? getLocalUrl()
  // The secret belongs to the registry in the settings and must not be sent to another registry.
  const subjects = set?.url === url ? await createRegistrySubjects(set) : new RegistrySubjects(url)
  return convertRegistryErrors(async () => {
    const verdicts = []
    // Send requests one at a time, because some registries answer many concurrent requests with errors.
    for (const shipped of schemas) verdicts.push({ shipped, verdict: await queryVerdict(shipped, subjects) })
    const register = (shipped: ShippedSchema) =>
      convertRegistryErrors(() => subjects.register(shipped.subject, toSchema(shipped)))
    return { url, verdicts, register }
  })
}

const FORMATS = { json: 'JSON', avro: 'AVRO', protobuf: 'PROTOBUF' } as const

function toSchema({ format, text }: ShippedSchema): Schema {
  return { format: FORMATS[format], text, references: [] }
}

async function queryVerdict(shipped: ShippedSchema, subjects: RegistrySubjects): Promise<Verdict> {
  const { type, format, subject } = shipped
  const schema = toSchema(shipped)
  const id = (await subjects.findId(subject, schema)) ?? null
  const version = (await subjects.version(subject))?.version ?? null
  const facts = { type, format, subject, id, version, rule: (await subjects.rule(subject)) ?? null }
  if (id !== null) return { ...facts, standing: 'registered', reasons: [] }
  if (version === null) return { ...facts, standing: 'new', reasons: [] }
  const { isCompatible, reasons } = await subjects.compatibility(subject, schema)
  return { ...facts, standing: isCompatible ? 'compatible' : 'incompatible', reasons }
}

async function convertRegistryErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isRegistryError(error) || error.code === 'unusable-schema') throw error
    throw new CliFailure(registryUnavailable(error).message, 1, { cause: error })
  }
}

/**
 * Checks that no schema is incompatible with the previous version.
 *
 * @throws CliFailure
 */
export function requireCompatible(schemas: readonly Verdict[]): void {
  const refused = schemas.filter(({ standing }) => standing === 'incompatible').length
  if (refused > 0)
    throw new CliFailure(`${refused} of ${schemas.length} schemas would be refused: see above.`)
}
