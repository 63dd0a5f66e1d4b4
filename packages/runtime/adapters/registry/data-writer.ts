/** Creates the data writer for an application's events. Loaded only if some data is not JSON. */
import { frame, isRegistryError, loadCodec, RegistrySubjects, type Schema } from '@sluice/schema-registry'
import { createDataWriter, type DataEncoder, type DataWriter } from '../../cloudevents/data-writer.ts'
import { type Application, type PackagedSchema, remedyFor } from '../../consumer/application.ts'
import { ConfigError } from '../../consumer/author-errors.ts'
import { resolveFormats, type SchemaDataFormat, type Serialization } from '../../consumer/serialization.ts'
import { readSecret } from '../aws/secrets-and-parameters.ts'
import { awaitCredentials, registryUnavailable } from './guarded-registry.ts'

export { registryUnavailable }

interface SchemaIds {
  /**
   * Returns the schema's id; undefined if the subject does not contain the schema.
   *
   * @throws Unavailable if the registry does not respond; ConfigError if it refuses the schema
   */
  findId(subject: string, schema: Schema): Promise<number | undefined>
}

interface RegistryAddress {
  readonly url: string
  readonly secret?: string
}

/**
 * Returns a client for the subjects of the configured registry.
 *
 * @throws Error if its secret cannot be read
 */
export async function createRegistrySubjects({ url, secret }: RegistryAddress): Promise<RegistrySubjects> {
  if (!secret) return new RegistrySubjects(url)
  const { username = '', password = '' } = await readSecret(secret)
  return new RegistrySubjects(url, { login: { username: String(username), password: String(password) } })
}

/**
 * Returns a source for schema ids of the configured registry.
 *
 * @param withinMs time limit for all requests, in milliseconds; by default, each request has the limit of the
 *   client
 * @throws Unavailable if the credentials cannot be read
 */
export async function schemaIds(
  place: RegistryAddress,
  withinMs = Number.POSITIVE_INFINITY,
): Promise<SchemaIds> {
  const beganMs = performance.now()
  const leftMs = () => withinMs - (performance.now() - beganMs)
  const subjects = await awaitCredentials(leftMs(), createRegistrySubjects(place)).catch(refusal)
  return { findId: (subject, schema) => subjects.findId(subject, schema, leftMs()).catch(refusal) }
}

/**
 * Status codes of refused credentials, which can be corrected without a new deployment. A refused schema, in
 * contrast, would be refused again.
 */
const LOGIN_REFUSED = [401, 403]

function refusal(error: unknown): never {
  const { message } = error as Error
  if (isRegistryError(error, 'refused') && !LOGIN_REFUSED.includes(error.status ?? 0))
    throw notSerializable(`SERIALIZATION: ${message}`)
  throw registryUnavailable(error)
}

export interface WriterOptions {
  readonly application: Pick<
    Application,
    'serializedTypes' | 'packagedSchema' | 'schemaSubjects' | 'remedies'
  >
  readonly env: string
  readonly serialization: Serialization
  /** Source of schema ids. If absent, data is written without a schema id, and readers need the packaged schema. */
  readonly registry?: SchemaIds
}

/**
 * Returns a writer with all its schemas loaded. With a registry, the ids of the schemas are looked up as well. Schemas are never
 * registered here, because an incompatible schema must be detected before the deployment.
 *
 * @param types event types that will be written; by default, all types whose data is not always JSON
 * @throws ConfigError if SERIALIZATION names an unknown type, or a schema is not registered; Unavailable if the registry does not
 * respond
 */
export async function dataWriter(options: WriterOptions, types?: readonly string[]): Promise<DataWriter> {
  const formats = resolveFormats(options.serialization, options.application.serializedTypes ?? [])
  const wanted = [...formats].filter(([type]) => types?.includes(type) ?? true)
  const encoders = await Promise.all(
    wanted.map(async ([type, format]) => [type, await createEncoder(type, format, options)] as const),
  )
  return createDataWriter(new Map(encoders))
}

async function createEncoder(
  type: string,
  format: SchemaDataFormat,
  { application, env, registry }: WriterOptions,
): Promise<DataEncoder> {
  const packaged = await application.packagedSchema?.(type, format)
  if (!packaged) throw notSerializable(`SERIALIZATION: there is no schema of ${type} in ${format}`)
  const schema = toSchema(packaged, format)
  const codec = await loadCodec(schema, registry ? 'framed' : 'plain')
  const { dataschema } = packaged
  if (!registry) return { format, dataschema, encode: data => codec.encode(data) }
  const subjects = application.schemaSubjects?.(type, format, env) ?? [type]
  let id: number | undefined
  for (const subject of subjects) id ??= await registry.findId(subject, schema)
  if (id === undefined)
    throw notSerializable(
      `SERIALIZATION is ${format} for ${type}, but the schema registry does not have that schema in ${subjects.join(' or ')}${remedyFor(application, { code: 'schema-not-registered' })}`,
    )
  return { format, dataschema, encode: data => frame(id, codec.encode(data)) }
}

function notSerializable(why: string): ConfigError {
  return new ConfigError('the environment', [why])
}

function toSchema({ text, references }: PackagedSchema, format: SchemaDataFormat): Schema {
  return { format: format === 'avro' ? 'AVRO' : 'PROTOBUF', text, references }
}
