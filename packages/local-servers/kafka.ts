import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Package } from './install.ts'
import { fetchJars } from './jars.ts'
import { ensureJava } from './java.ts'
import { type KafkaNode, kafkaProperties, propertiesText } from './kafka-properties.ts'
import { FEW_ARENAS, type Launch, runTool } from './managed-process.ts'
import { accepts, freePorts, LOOPBACK } from './ports.ts'
import { brokerTakesPart } from './probes.ts'
import { jvmOptions } from './requirements.ts'
import type { Server } from './server-definition.ts'

export const KAFKA_VERSION = '4.3.0'

export interface KafkaOptions {
  /** Port of each broker. The cluster has one broker per port. */
  readonly ports: readonly number[]
  readonly dataDir: string
  readonly cacheDir: string
  readonly version?: string | undefined
  readonly variant?: KafkaVariant
}

/** Differences from the brokers of `npm start`, which tests need. */
export interface KafkaVariant {
  /** Returns properties that are added to the usual properties or override them. */
  properties(node: KafkaNode): Readonly<Record<string, string | number | boolean>>
  /** Folder with additional classes. */
  readonly classes: string
  /** Additional arguments for formatting the data folder. */
  readonly format: readonly string[]
}

/** Returns the package with Kafka's jar files. Only the usual version can be installed without Maven. */
export function kafkaPackage(cacheDir: string, version = KAFKA_VERSION): Package {
  const pom = join(import.meta.dirname, 'kafka', 'pom.xml')
  const lock = version === KAFKA_VERSION ? join(import.meta.dirname, 'kafka', 'jars.txt') : undefined
  return {
    service: 'kafka',
    title: `Kafka ${version}`,
    dir: join(cacheDir, 'kafka', version),
    probe: `kafka_2.13-${version}.jar`,
    version,
    fill: (dir, run, context) => {
      const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${dir}`, `-Dkafka.version=${version}`]
      return fetchJars(
        { lock, goal: ['--file', pom, ...copy], service: 'kafka', cacheDir },
        dir,
        run,
        context,
      )
    },
  }
}

/** Apache Kafka from its jar files, listening on the loopback address. Each port is a node that is both broker and controller (KRaft). */
export function kafkaServers({ ports, dataDir, cacheDir, version, variant }: KafkaOptions): Server[] {
  const jars = kafkaPackage(cacheDir, version)
  const folders = brokerFolders(dataDir, ports.length)
  let planned: Promise<Cluster> | undefined
  const plan = () => {
    // In a cluster, a node must keep its address after a restart. A single node may get another one.
    if (planned === undefined || ports.length === 1) planned = planCluster(ports, folders)
    return planned
  }
  const classPath = [...(variant ? [variant.classes] : []), join(jars.dir, '*')].join(':')
  return folders.map(({ name, title, dir }, index) => {
    const port = ports[index] as number
    return {
      name,
      title: title.replace('Kafka', `Kafka ${jars.version}`),
      variable: 'KAFKA_PORT',
      port,
      dir,
      package: jars,
      async prepare({ logsDir, ...context }) {
        const { signal } = context
        const java = await ensureJava(cacheDir, { service: name, ...context })
        const { id, nodes } = await plan()
        const node = nodes[index] as KafkaNode
        const log = logFolder(dir)
        const file = join(dir, 'server.properties')
        await mkdir(log, { recursive: true })
        const options = await jvmOptions(dir)
        // Kafka's own variable. Of two options for the same size, the last one counts.
        const heap = process.env.KAFKA_HEAP_OPTS?.match(/\S+/g) ?? []
        const properties = { ...kafkaProperties(node, nodes, log), ...variant?.properties(node) }
        await writeFile(file, propertiesText(properties))
        const run = (main: string, ...args: readonly string[]): Launch => ({
          command: java,
          args: [...options, ...JVM_FLAGS, ...heap, '-cp', classPath, main, ...args],
          env: { ...process.env, ...FEW_ARENAS },
        })
        if (!isFormatted(dir)) {
          const format = ['format', '--ignore-formatted', '--cluster-id', id, '--config', file]
          const task = "Formatting Kafka's data folder"
          const launch = run('kafka.tools.StorageTool', ...format, ...(variant?.format ?? []))
          await runTool(launch, { task, logFile: join(logsDir, `${name}.log`), signal })
        }
        return run('kafka.Kafka', file)
      },
      // Check the socket first, because the Kafka client handles a refused connection slowly.
      answers: async () => (await accepts(LOOPBACK, port)) && (await brokerTakesPart(`${LOOPBACK}:${port}`)),
    }
  })
}

/** Properties that all nodes of a cluster share. */
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
  // An id with a leading dash would be parsed as an option.
  const newId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  return { id: findClusterId(folders) ?? newId, nodes }
}

const JVM_FLAGS = [
  '-Djava.awt.headless=true',
  '-Djava.net.preferIPv4Stack=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
]

/** Name of a broker and of its data folder. */
interface BrokerFolder {
  readonly name: string
  readonly title: string
  readonly dir: string
}

/** Returns the data folders for a cluster with this number of brokers. */
function brokerFolders(dataDir: string, brokers: number): BrokerFolder[] {
  const toBrokerFolder = (name: string, title: string) => ({ name, title, dir: join(dataDir, name) })
  if (brokers === 1) return [toBrokerFolder('kafka', 'Kafka')]
  return Array.from({ length: brokers }, (_, index) =>
    toBrokerFolder(`kafka-${index + 1}`, `Kafka broker ${index + 1}`),
  )
}

/** Returns the cluster id in the folders; undefined if none of them is formatted. */
function findClusterId(folders: readonly BrokerFolder[]): string | undefined {
  const metadataPath = folders.map(({ dir }) => metadataFile(dir)).find(file => existsSync(file))
  return metadataPath && /^cluster\.id=(.+)$/m.exec(readFileSync(metadataPath, 'utf8'))?.[1]
}

/** Returns the folder of a broker's records. */
function logFolder(dir: string): string {
  return join(dir, 'log')
}

/** Returns true if the folder is formatted for a broker. */
function isFormatted(dir: string): boolean {
  return existsSync(metadataFile(dir))
}

function metadataFile(dir: string): string {
  return join(logFolder(dir), 'meta.properties')
}
