import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { once } from '../../lib/once.ts'
import { LOCAL, PROJECT } from '../paths.ts'
import type { ServerName } from '../report.ts'
import type { Server } from './definition.ts'
import { ensureInstalled, type InstallContext } from './install.ts'
import { type BrokerFolder, brokerFolders, clusterIdIn, isFormatted, logFolder } from './kafka-data.ts'
import { type KafkaNode, kafkaProperties } from './kafka-properties.ts'
import { accepts, freePorts, LOOPBACK } from './ports.ts'
import { brokerTakesPart } from './probes.ts'
import type { Launch } from './process.ts'
import { requireJava, requireMaven } from './requirements.ts'
import { runTool } from './tool.ts'

/** The version that is started where nothing else is asked for. */
export const KAFKA_VERSION = '4.3.0'

export interface KafkaOptions {
  /** The port of each broker: as many as there are to be. */
  readonly ports: readonly number[]
  readonly dataDir: string
  readonly version?: string | undefined
}

/** Apache Kafka from Maven, on loopback: one node for each port, all of them broker and controller (KRaft). */
export function kafkaServers({ ports, dataDir, version = KAFKA_VERSION }: KafkaOptions): Server[] {
  const jars = join(LOCAL, 'kafka', version)
  const folders = brokerFolders(dataDir, ports.length)
  const plan = () => planCluster(ports, folders)
  // A node that is started again must be where the others look for it; one that is alone may be anywhere.
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
      // The socket first: a Kafka client makes much of a connection that is refused.
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

/** What the nodes of a cluster must agree on. */
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
  // With a dash in front, the tool would take it for an option.
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
  /** Which of the nodes it is. */
  readonly index: number
}

async function prepareKafka({ name, dir, jars, index, id, nodes }: Place, context: InstallContext) {
  const java = await requireJava()
  const log = logFolder(dir)
  const configuration = join(dir, 'server.properties')
  await mkdir(log, { recursive: true })
  await writeFile(configuration, kafkaProperties(nodes[index] as KafkaNode, nodes, log))
  const heap = nodes.length > 1 ? HEAP_OF_SEVERAL : HEAP
  const run = (main: string, ...args: string[]): Launch => ({
    command: java,
    args: [heap, ...JVM_FLAGS, '-cp', join(jars, '*'), main, ...args],
    env: process.env,
  })
  if (!isFormatted(dir)) {
    const format = ['format', '--ignore-formatted', '--cluster-id', id, '--config', configuration]
    const logFile = join(context.logsDir, `${name}.log`)
    await runTool(run('kafka.tools.StorageTool', ...format), {
      task: 'Formatting the data folder of Kafka',
      logFile,
      signal: context.signal,
    })
  }
  return run('kafka.Kafka', configuration)
}

const HEAP = '-Xmx512m'
/** Three share the machine with all else that runs on it. */
const HEAP_OF_SEVERAL = '-Xmx256m'

/** Small and quick to start: one laptop's broker has little to compile and little to collect. */
const JVM_FLAGS = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
]
