/** Installs other clients: librdkafka from a Python package, and the Java client from Kafka's own tools. */
import { join } from 'node:path'
import { ensureInstalled, type InstallContext } from '../../localstack/services/install.ts'
import { KAFKA_VERSION, kafkaServer } from '../../localstack/services/kafka.ts'
import { ensurePythonPackages } from '../../localstack/services/python.ts'
import { requireMaven } from '../../localstack/services/requirements.ts'
import { runTool } from '../../localstack/services/tool.ts'
import { LOCAL } from '../../programs/paths.ts'

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

const PYTHON = join(LOCAL, 'python', 'librdkafka')
const TOOLS = join(LOCAL, 'kafka-tools', KAFKA_VERSION)

/** Downloads both clients unless they are installed. */
export async function installForeignClients(folder: string): Promise<void> {
  const context = { report: () => {}, signal: new AbortController().signal, logsDir: folder }
  const packages = { service: 'kafka', title: 'librdkafka', lock: 'librdkafka.txt' } as const
  await Promise.all([
    ensurePythonPackages({ ...packages, dir: PYTHON, probe: join('bin', 'python') }, context),
    kafkaServer({ port: 0, dataDir: folder }).install(context),
    installKafkaTools(context),
  ])
}

/** Installs the console consumer, the only part that the jars of the broker lack. */
function installKafkaTools(context: InstallContext): Promise<void> {
  const title = `the tools of Kafka ${KAFKA_VERSION}`
  const fill = async (dir: string) => {
    const args = [
      '--batch-mode',
      '--no-transfer-progress',
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy',
      `-Dartifact=org.apache.kafka:kafka-tools:${KAFKA_VERSION}`,
      `-DoutputDirectory=${dir}`,
    ]
    const logFile = join(context.logsDir, 'install-kafka-tools.log')
    const launch = { command: await requireMaven(), args, env: process.env }
    await runTool(launch, { task: `Installing ${title}`, logFile, signal: context.signal })
  }
  const probe = `kafka-tools-${KAFKA_VERSION}.jar`
  return ensureInstalled({ service: 'kafka', title, dir: TOOLS, probe, wanted: KAFKA_VERSION, fill }, context)
}
