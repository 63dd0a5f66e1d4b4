import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '#local-servers/ports'
import type { Report } from '#local-servers/report'
import type { ServerPlace } from '#local-servers/server-place'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/aws/resources.ts'
import { serviceEnvironment, startServices } from '../../localstack/start-services.ts'
import { UserError } from '../../scripts/user-error.ts'

export interface OwnServers {
  /** Version of Kafka, if it differs from the project's own. */
  readonly kafkaVersion?: string | undefined
  /** URL of an existing Valkey. */
  readonly redisUrl?: string
  readonly report?: Report
  readonly signal: AbortSignal
}

/**
 * Runs `work` with Kafka, Valkey and LocalStack on free ports and in a temporary folder. Afterwards, even after an error, the
 * servers are stopped and the folder is removed. Servers that environment variables specify are used instead of new ones.
 *
 * @param work receives the environment variables for accessing the servers
 */
export async function withOwnServers<T>(
  { kafkaVersion, redisUrl, report, signal }: OwnServers,
  work: (variables: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const kafka = await place(process.env.KAFKA_BROKERS)
  if (kafkaVersion !== undefined && 'address' in kafka)
    throw new UserError(
      '--kafka starts a Kafka, but KAFKA_BROKERS refers to an existing one. Omit --kafka or unset KAFKA_BROKERS.',
    )
  return inOwnFolder(async folder => {
    const services = await startServices({
      kafka,
      valkey: await place(redisUrl ?? process.env.REDIS_URL),
      aws: await place(process.env.AWS_ENDPOINT_URL),
      dataDir: join(folder, 'data'),
      logsDir: join(folder, 'logs'),
      ...(kafkaVersion !== undefined && { kafkaVersion }),
      ...(report && { report }),
      signal,
    })
    try {
      // Off as in a deployment: otherwise intake waits for the topics of the local inputs, which no test has created.
      return await work({
        ...serviceEnvironment(services),
        ...LOCAL_AWS_ENVIRONMENT,
        SLUICE_ONE_MACHINE: 'off',
      })
    } finally {
      await services.stop()
    }
  })
}

/** Runs `work` with a temporary folder, which is removed afterwards. */
export async function inOwnFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Returns the location of a server: the given address, or a free port if no address is given. */
async function place(given: string | undefined): Promise<ServerPlace> {
  const address = given?.trim()
  return address ? { address } : { port: await freePort() }
}
