import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  signal: AbortSignal,
  work: (variables: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  try {
    const services = await startServices({
      kafka: await place('KAFKA_BROKERS'),
      valkey: await place('REDIS_URL'),
      aws: await place('AWS_ENDPOINT_URL'),
      dataDir: join(folder, 'data'),
      logsDir: join(folder, 'logs'),
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
