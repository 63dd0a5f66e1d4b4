/** Queries a schema registry about the packaged schemas. */
import { isRegistryError, RegistrySubjects, type Schema } from '@sluice/schema-registry'
import type { Config } from '../../lib/app/config.ts'
import { LOCAL_PORTS, readSettings } from '../../lib/app/settings/index.ts'
import { localRegistryUrl } from '../../lib/app/settings/local-ports.ts'
import { registered } from '../../packages/runtime/adapters/registry/data-writer.ts'
import type { Environment } from '../../packages/runtime/settings/slice.ts'
import { CliFailure } from '../failure.ts'
import { type ShippedSchema, type Verdict, verdictOf } from './verdict.ts'

/** Schema registry, and its address for messages. */
export interface NamedRegistry {
  readonly url: string
  readonly subjects: RegistrySubjects
}

/**
 * Returns the schema registry in the settings or, by default, the registry of the local cloud.
 *
 * @param url address from an option, which takes precedence
 */
export async function registryOf(
  config: Config,
  environment: Environment,
  url: string | undefined,
): Promise<NamedRegistry> {
  const { registry } = config
  // The secret belongs to the registry in the settings and must not be sent to another registry.
  if (registry && (url === undefined || url === registry.url))
    return { url: registry.url, subjects: await registered(registry) }
  const address = url ?? localRegistryUrl(readSettings([LOCAL_PORTS], environment).registryPort)
  return { url: address, subjects: new RegistrySubjects(address) }
}

const FORMATS = { json: 'JSON', avro: 'AVRO', protobuf: 'PROTOBUF' } as const

export function schemaOf({ format, text }: ShippedSchema): Schema {
  return { format: FORMATS[format], text, references: [] }
}

/**
 * Returns the registry's verdict on each schema.
 *
 * @param judges true to also check whether a schema that differs is compatible as the next version
 */
export async function verdictsOn(
  schemas: readonly ShippedSchema[],
  { subjects }: NamedRegistry,
  judges: boolean,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  // Send requests one at a time, because some registries answer many concurrent requests with errors.
  for (const shipped of schemas) {
    const { subject } = shipped
    const schema = schemaOf(shipped)
    const [id, latest, rule] = [
      await subjects.idOf(subject, schema),
      await subjects.version(subject),
      await subjects.rule(subject),
    ]
    const isAsked = judges && id === undefined && latest !== undefined
    const compatibility = isAsked ? await subjects.compatibility(subject, schema) : undefined
    verdicts.push(verdictOf(shipped, { id, latest, rule, compatibility }))
  }
  return verdicts
}

/**
 * Runs work with a registry.
 *
 * @throws CliFailure if the registry does not answer, or refuses a request
 */
export async function explained<T>({ url }: NamedRegistry, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isRegistryError(error, 'unavailable'))
      throw new CliFailure(
        `The schema registry does not answer at ${url}: start it with \`npm start -- --registry\`, or set SCHEMA_REGISTRY_URL. (${error.message})`,
        1,
        { cause: error },
      )
    if (isRegistryError(error, 'refused'))
      throw new CliFailure(`The schema registry at ${url} refused the request: ${error.message}`, 1, {
        cause: error,
      })
    throw error
  }
}
