import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCAL, PROJECT } from '../paths.ts'
import type { Server } from './definition.ts'
import { ensureInstalled, type InstallContext } from './install.ts'
import { accepts, freePort, LOOPBACK } from './ports.ts'
import { kafkaAnswers } from './probes.ts'
import type { Launch } from './process.ts'
import { requireJava, requireMaven } from './requirements.ts'
import { runTool } from './tool.ts'

const KAFKA_VERSION = '4.3.0'

export interface KafkaOptions {
  readonly port: number
  readonly dataDir: string
  readonly version?: string | undefined
}

/** Apache Kafka from Maven: one node that is broker and controller (KRaft), on loopback. */
export function kafkaServer({ port, dataDir, version = KAFKA_VERSION }: KafkaOptions): Server {
  const jars = join(LOCAL, 'kafka', version)
  const dir = join(dataDir, 'kafka')
  return {
    name: 'kafka',
    title: `Kafka ${version}`,
    variable: 'KAFKA_PORT',
    port,
    dir,
    install: context => installKafka(version, jars, context),
    prepare: context => prepareKafka({ port, dir, jars }, context),
    // The socket first: a Kafka client makes much of a connection that is refused.
    answers: async () => (await accepts(LOOPBACK, port)) && (await kafkaAnswers(`${LOOPBACK}:${port}`)),
  }
}

async function installKafka(version: string, jars: string, context: InstallContext): Promise<void> {
  const title = `Kafka ${version}`
  const fill = async (dir: string) => {
    const command = await requireMaven()
    const pom = join(PROJECT, 'localstack', 'kafka', 'pom.xml')
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${dir}`, `-Dkafka.version=${version}`]
    const args = ['--batch-mode', '--no-transfer-progress', '--file', pom, ...goal]
    const logFile = join(context.logsDir, 'install-kafka.log')
    await runTool(
      { command, args, env: process.env },
      { task: `Installing ${title}`, logFile, signal: context.signal },
    )
  }
  const installation = {
    service: 'kafka',
    title: `${title} with Maven`,
    dir: jars,
    probe: `kafka_2.13-${version}.jar`,
  }
  await ensureInstalled({ ...installation, service: 'kafka', wanted: version, fill }, context)
}

interface Place {
  readonly port: number
  readonly dir: string
  readonly jars: string
}

async function prepareKafka({ port, dir, jars }: Place, context: InstallContext): Promise<Launch> {
  const java = await requireJava()
  const log = join(dir, 'log')
  const configuration = join(dir, 'server.properties')
  await mkdir(log, { recursive: true })
  await writeFile(configuration, properties({ port, controllerPort: await freePort(), log }))
  const run = (main: string, ...args: string[]): Launch => ({
    command: java,
    args: [...JVM_FLAGS, '-cp', join(jars, '*'), main, ...args],
    env: process.env,
  })
  if (!existsSync(join(log, 'meta.properties'))) {
    // With a dash in front, the tool would take it for an option.
    const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
    const format = ['format', '--ignore-formatted', '--cluster-id', clusterId, '--config', configuration]
    const logFile = join(context.logsDir, 'kafka.log')
    await runTool(run('kafka.tools.StorageTool', ...format), {
      task: 'Formatting the data folder of Kafka',
      logFile,
      signal: context.signal,
    })
  }
  return run('kafka.Kafka', configuration)
}

/** Small and quick to start: one laptop's broker has little to compile and little to collect. */
const JVM_FLAGS = [
  '-Xmx512m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
]

const MiB = 1024 * 1024

function properties({
  port,
  controllerPort,
  log,
}: {
  port: number
  controllerPort: number
  log: string
}): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${LOOPBACK}:${controllerPort}`,
    listeners: `PLAINTEXT://${LOOPBACK}:${port},CONTROLLER://${LOOPBACK}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': log,
    'auto.create.topics.enable': false,
    // Above the 2 MiB of the largest topics, with room for the batch around a message.
    'message.max.bytes': 3 * MiB,
    'replica.fetch.max.bytes': 3 * MiB,
    // One node cannot hold a second copy of anything.
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // Sized for one machine; the defaults are for a cluster and slow down the start.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16 * MiB,
    'group.initial.rebalance.delay.ms': 0,
    'controlled.shutdown.max.retries': 1,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
