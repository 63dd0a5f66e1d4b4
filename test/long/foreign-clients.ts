/** Installs clients that are not part of Sluice: librdkafka from a Python package, and the Java client from Kafka's tools. */
import { join } from 'node:path'
import { ensureInstalled, type Package, pythonPackages } from '#local-servers/install'
import { buildCopyGoal, fetchWithMaven } from '#local-servers/jars'
import { KAFKA_VERSION, kafkaPackage } from '#local-servers/kafka'
import { LOCAL, PYTHON_LOCKS } from '../../scripts/paths.ts'

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

const PYTHON = join(LOCAL, 'python', 'librdkafka')
const TOOLS = join(LOCAL, 'kafka-tools', KAFKA_VERSION)

/** Package with the console consumer, which the jars of the broker do not include. */
const KAFKA_TOOLS: Package = {
  service: 'kafka',
  title: `the tools of Kafka ${KAFKA_VERSION}`,
  dir: TOOLS,
  probe: `kafka-tools-${KAFKA_VERSION}.jar`,
  version: KAFKA_VERSION,
  fill: (dir, run) =>
    fetchWithMaven(run, ...buildCopyGoal(`org.apache.kafka:kafka-tools:${KAFKA_VERSION}`, dir)),
}

/** Downloads both clients unless they are installed. */
export async function installForeignClients(): Promise<void> {
  const context = { signal: new AbortController().signal }
  const librdkafka = {
    service: 'kafka',
    title: 'librdkafka',
    lock: join(PYTHON_LOCKS, 'librdkafka.txt'),
    dir: PYTHON,
  } as const
  const packages = [pythonPackages(librdkafka), kafkaPackage(LOCAL), KAFKA_TOOLS]
  await Promise.all(packages.map(packageFile => ensureInstalled(packageFile, context)))
}
