import type { ResourcesOutcome } from '../lib/app/aws/resources.ts'
import { createResources } from './resources.ts'
import { registerSchemas } from './schemas.ts'
import type { ServicesOptions } from './services/options.ts'
import { type Services, startServices } from './services.ts'
import { createTopics } from './topics.ts'

export interface LocalCloudOptions extends ServicesOptions {
  /** The last part of all topic and resource names. */
  readonly env: string
  /** The generator's initial settings, as JSON. */
  readonly generator: unknown
}

export interface LocalCloud {
  readonly services: Services
  readonly resources: ResourcesOutcome
}

/** Starts the servers, then creates the topics and resources. If that fails, nothing is left running. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const services = await startServices(options)
  const { brokers, awsEndpoint, registryUrl } = services
  const { env, generator, signal } = options
  try {
    const [resources] = await Promise.all([
      createResources({ awsEndpoint, env, generator }),
      createTopics({ brokers, env }),
      // A registry that was running before is not ours to change.
      ...(registryUrl && options.registry && 'port' in options.registry
        ? [registerSchemas(registryUrl, env)]
        : []),
    ])
    signal?.throwIfAborted()
    return { services, resources }
  } catch (error) {
    await services.stop()
    throw error
  }
}
