import { chmod, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RegistrySubjects } from '@sluice/schema-registry'
import { findPackagedSchema, schemaSubject } from '../lib/app/data/packaged-schemas.ts'
import { listSerializedTypes } from '../lib/app/data/serialized-types.ts'
import { type InputsConfig, listInputTopics, listLocalInputs } from '../lib/app/inputs/inputs.ts'
import type { Named, Vocabulary } from '../lib/app/naming/names.ts'
import { EVENT_FORMATS } from '../lib/schemas/event-types.ts'
import { DATA_DIR } from '../scripts/paths.ts'
import { createResources, type ResourcesOutcome } from './aws/resources.ts'
import { createTopics, keepTopicNames } from './local-topics.ts'
import type { ServicesOptions } from './services/services-options.ts'
import { resolveAddresses, type Services, startServices } from './start-services.ts'

export interface LocalCloud {
  readonly services: Services
  readonly resources: ResourcesOutcome
  /** Creates missing topics, those of inputs that were declared since, too. Returns the topics of inputs. */
  readonly createTopics: () => Promise<readonly string[]>
}

/** Returns the file into which `storage` writes if no other database is set. Each environment has its own. */
export function getStorageFile(dataDir: string, env: string): string {
  return join(dataDir, 'storage', `${env}.db`)
}

/**
 * Starts the servers, and then creates topics, resources and schemas. If any of this fails, all servers are stopped.
 *
 * @param config environment, which is the last part of all topic and resource names, with its families and names
 */
export async function startLocalCloud(
  options: ServicesOptions,
  config: InputsConfig & Vocabulary,
): Promise<LocalCloud> {
  const { env, names } = config
  // Topic names are stored next to Kafka's data, so they are unknown for an external Kafka.
  if ('port' in options.kafka) keepTopicNames(options.dataDir ?? DATA_DIR, config, options.fresh)
  const { brokers, awsEndpoint, registryUrl } = resolveAddresses(options)
  // Do not change a registry that was already running.
  const hasOwnRegistry = options.registry && 'port' in options.registry
  const services = await startServices(options)
  try {
    const storage = dirname(getStorageFile(options.dataDir ?? DATA_DIR, env))
    if (options.fresh) await rm(storage, { recursive: true, force: true })
    await mkdir(storage, { recursive: true })
    await chmod(storage, 0o700)
    const create = async () => {
      const inputs = listInputTopics(config)
      const { created } = await createTopics({ brokers, env, names, inputs })
      const local = listLocalInputs(config).map(({ topic }) => topic)
      const declared = inputs.map(({ name }) => name)
      const shown = declared.filter(name => created.includes(name) && !local.includes(name))
      if (shown.length > 0)
        options.report?.({ service: 'inputs', state: 'ready', detail: `created ${shown.join(', ')}`, ms: 0 })
      return declared
    }
    const [created] = await Promise.all([
      createResources({ awsEndpoint, env, generator: {} }),
      create(),
      registryUrl && hasOwnRegistry ? registerSchemas(registryUrl, config) : undefined,
    ])
    options.signal?.throwIfAborted()
    return { services, resources: created, createTopics: create }
  } catch (error) {
    await services.stop()
    throw error
  }
}

/**
 * Compatibility rule, also recommended for deployments: each version of a schema must be able to read data of the previous version.
 */
const RULE = 'BACKWARD'
const FORMATS = { json: 'JSON', avro: 'AVRO', protobuf: 'PROTOBUF' } as const

/**
 * Registers the schemas that are shipped with Sluice at the local registry, like `sluice schemas register`. Schemas that are
 * already registered are left unchanged.
 *
 * @throws RegistryError for a schema that is incompatible with the registered version. Use `--fresh` to start with an empty
 * registry.
 */
async function registerSchemas(url: string, config: Named & Vocabulary): Promise<void> {
  const subjects = new RegistrySubjects(url)
  await subjects.setRule(RULE)
  for (const { type } of listSerializedTypes(config.families))
    for (const format of EVENT_FORMATS) {
      const packaged = await findPackagedSchema(config.families, type, format)
      if (packaged)
        await subjects.register(schemaSubject(config, type, format, config.env), {
          ...packaged,
          format: FORMATS[format],
        })
    }
}
