import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalCloudError } from '../../localstack/failure.ts'
import { formatEvent } from '../../localstack/report.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/resources.ts'
import type { Place } from '../../localstack/services/options.ts'
import { freePort } from '../../localstack/services/ports.ts'
import { serviceEnvironment, startServices } from '../../localstack/services.ts'
import type { Screen } from './screen.ts'

/**
 * Runs `work` beside Kafka, Valkey and LocalStack on free ports and in a temporary folder; whatever becomes of it, they
 * are stopped and the folder is removed. A server that the environment names is used instead.
 *
 * @param work is given the variables by which the servers are found
 */
export async function withServers<T>(
  screen: Screen,
  { kafkaVersion, signal }: { readonly kafkaVersion: string | undefined; readonly signal: AbortSignal },
  work: (variables: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const kafka = await place('KAFKA_BROKERS')
  if (kafkaVersion !== undefined && 'address' in kafka)
    throw new LocalCloudError(
      '--kafka starts a Kafka, and KAFKA_BROKERS names one that runs: unset one of them.',
    )
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  try {
    const services = await startServices({
      kafka,
      valkey: await place('REDIS_URL'),
      aws: await place('AWS_ENDPOINT_URL'),
      dataDir: join(folder, 'data'),
      logsDir: join(folder, 'logs'),
      ...(kafkaVersion !== undefined && { kafkaVersion }),
      report: event => screen.line(`        ${formatEvent(event)}`),
      signal,
    })
    try {
      return await work({ ...serviceEnvironment(services), ...LOCAL_AWS_ENVIRONMENT })
    } finally {
      await services.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function place(variable: string): Promise<Place> {
  const address = process.env[variable]?.trim()
  return address ? { address } : { port: await freePort() }
}
