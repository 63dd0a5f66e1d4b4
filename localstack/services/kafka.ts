import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { once } from '../../packages/runtime/lambda/once.ts'
import { LOCAL, PROJECT } from '../../programs/paths.ts'
import type { ServerName } from '../report.ts'
import type { Server } from './definition.ts'
import { ensureInstalled, type InstallContext } from './install.ts'
import { type BrokerFolder, brokerFolders, clusterIdIn, isFormatted, logFolder } from './kafka-data.ts'
import { type KafkaNode, kafkaProperties } from './kafka-properties.ts'
import { accepts, freePorts, LOOPBACK } from './ports.ts'
import { brokerTakesPart } from './probes.ts'
import { FEW_ARENAS, type Launch } from './process.ts'
import { requireJava, requireMaven } from './requirements.ts'
import { runTool } from './tool.ts'

/** The default version. */
export const KAFKA_VERSION = '4.3.0'

export interface KafkaOptions {
  /** The port of each broker, which also determines their number. */
  readonly ports: readonly number[]
  readonly dataDir: string
  readonly version?: string | undefined
}

/** Apache Kafka from Maven, on loopback. Each port is one node, which is broker and controller (KRaft). */
export function kafkaServers({ ports, dataDir, version = KAFKA_VERSION }: KafkaOptions): Server[] {
  const jars = join(LOCAL, 'kafka', version)
  const folders = brokerFolders(dataDir, ports.length)
  const plan = () => planCluster(ports, folders)
  // In a cluster, a restarted node must keep its address, because the others look for it there. A single node may
  // change it.
  const cluster = ports.length > 1 ? once(plan) : plan
  return folders.map(({ name, title, dir }, index) => {
    const port = ports[index] as number
    return {
      name,
      title: title.replace('Kafka', `Kafka ${version}`),
      variable: 'KAFKA_PORT',
      port,
      dir,
      install: context => installKafka(version, jars, context),
      prepare: async context => prepareKafka({ name, dir, jars, index, ...(await cluster()) }, context),
      // Try the socket first: a Kafka client handles a refused connection slowly.
      answers: async () => (await accepts(LOOPBACK, port)) && (await brokerTakesPart(`${LOOPBACK}:${port}`)),
    }
  })
}

/** A single broker. */
export function kafkaServer({
  port,
  ...rest
}: Omit<KafkaOptions, 'ports'> & { readonly port: number }): Server {
  const [server] = kafkaServers({ ports: [port], ...rest })
  return server as Server
}

/** What all nodes of a cluster must agree on. */
interface Cluster {
  readonly id: string
  readonly nodes: readonly KafkaNode[]
}

async function planCluster(ports: readonly number[], folders: readonly BrokerFolder[]): Promise<Cluster> {
  const controllerPorts = await freePorts(ports.length)
  const nodes = ports.map((port, index) => ({
    id: index + 1,
    port,
    controllerPort: controllerPorts[index] as number,
  }))
  // A leading dash would be read as an option.
  const newId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  return { id: clusterIdIn(folders) ?? newId, nodes }
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

interface Place extends Cluster {
  readonly name: ServerName
  readonly dir: string
  readonly jars: string
  /** The index of this node in `nodes`. */
  readonly index: number
}

async function prepareKafka({ name, dir, jars, index, id, nodes }: Place, context: InstallContext) {
  const java = await requireJava()
  const log = logFolder(dir)
  const configuration = join(dir, 'server.properties')
  await mkdir(log, { recursive: true })
  await writeFile(configuration, kafkaProperties(nodes[index] as KafkaNode, nodes, log))
  const run = (main: string, ...args: string[]): Launch => ({
    command: java,
    args: [...JVM_FLAGS, '-cp', join(jars, '*'), main, ...args],
    env: { ...process.env, ...FEW_ARENAS },
  })
  if (!isFormatted(dir)) {
    const format = ['format', '--ignore-formatted', '--cluster-id', id, '--config', configuration]
    const logFile = join(context.logsDir, `${name}.log`)
    await runTool(run('kafka.tools.StorageTool', ...format), {
      task: "Formatting Kafka's data folder",
      logFile,
      signal: context.signal,
    })
  }
  return run('kafka.Kafka', configuration)
}

/** Small and fast to start: a local broker has little to compile and little garbage to collect. */
const JVM_FLAGS = [
  '-Xmx256m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
]
