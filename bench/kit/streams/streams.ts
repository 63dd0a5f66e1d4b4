/** Programs in Kafka Streams. They keep state in RocksDB, and commit results and offsets in one transaction. */
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import kafkajs from 'kafkajs'
import { ensureInstalled, type Package } from '#local-servers/install'
import { fetchWithMaven } from '#local-servers/jars'
import { KAFKA_VERSION } from '#local-servers/kafka'
import { runTool } from '#local-servers/managed-process'
import { guardGroup, signalGroup } from '#local-servers/process-groups'
import { requireJava } from '#local-servers/requirements'
import { LOCAL, PROJECT } from '../../../scripts/paths.ts'
import type { Reader } from '../progress.ts'

/** Name for reports. */
export const STREAMS = `Kafka Streams ${KAFKA_VERSION} with RocksDB`

/**
 * Returns the class path of a program, which is compiled, and of Kafka Streams, which Maven downloads.
 *
 * @param program source file, inside the project
 */
export async function installedStreams(program: string, room: string, signal: AbortSignal): Promise<string> {
  const jars: Package = {
    service: 'kafka',
    title: STREAMS,
    dir: join(LOCAL, 'kafka-streams', KAFKA_VERSION),
    probe: `kafka-streams-${KAFKA_VERSION}.jar`,
    version: KAFKA_VERSION,
    fill: (dir, run) => {
      const goal = [
        'dependency:copy-dependencies',
        `-DoutputDirectory=${dir}`,
        `-Dkafka.version=${KAFKA_VERSION}`,
      ]
      return fetchWithMaven(run, '--file', join(import.meta.dirname, 'pom.xml'), ...goal)
    },
  }
  await ensureInstalled(jars, { signal })
  const classes = join(room, 'classes')
  await mkdir(classes, { recursive: true })
  const all = join(jars.dir, '*')
  const sources = [join(import.meta.dirname, 'StreamsProgram.java'), join(PROJECT, program)]
  const compile = { command: 'javac', args: ['-cp', all, '-d', classes, ...sources] }
  await runTool(compile, { task: `Compiling ${program}`, logFile: join(room, 'javac.log'), signal })
  return `${classes}:${all}`
}

interface Options {
  readonly classPath: string
  /** Class with the topology. */
  readonly main: string
  readonly broker: string
  readonly topic: string
  /** Folder of its state. */
  readonly folder: string
  /** Argument of the topology. */
  readonly argument: string
  /** Further settings of Kafka Streams. */
  readonly settings?: readonly string[] | undefined
}

export interface StreamsProgram {
  readonly reader: Reader
  /** Process group. */
  readonly group: number
  /** Returns what the program answers when it is asked for its results. */
  ask(): Promise<string>
  hasEnded(): boolean
  stop(): Promise<void>
  kill(): Promise<void>
}

/** Starts a program on a topic, from its beginning. */
export async function startStreams(options: Options): Promise<StreamsProgram> {
  const admin = new kafkajs.Kafka({ brokers: [options.broker], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: getResultsTopic(options), numPartitions: 3 }] })
  await admin.disconnect()
  return resumeStreams(options)
}

/** Starts a program that was killed, from its committed offsets. */
export async function resumeStreams(options: Options): Promise<StreamsProgram> {
  const { classPath, main, broker, topic, folder, argument, settings = [] } = options
  const own = [broker, topic, getResultsTopic(options), folder, argument, ...settings]
  const args = ['-cp', classPath, main, ...own]
  const child = spawn(await requireJava(), args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const group = child.pid ?? 0
  const unguard = guardGroup(group)
  const ended = Promise.withResolvers<void>()
  let hasEnded = false
  child.once('exit', () => {
    hasEnded = true
    ended.resolve()
  })
  const lines = createInterface({ input: child.stdout })
  /** Waits for a line of the program's output. Rejects if the program ends first. */
  const readLine = async (wanted: RegExp): Promise<string> => {
    const found = Promise.withResolvers<string>()
    const onLine = (line: string) => {
      const match = wanted.exec(line)
      if (match) found.resolve(match[1] ?? '')
    }
    lines.on('line', onLine)
    const failed = ended.promise.then(() => {
      throw new Error(`Kafka Streams ended before it printed ${wanted}`)
    })
    return await Promise.race([found.promise, failed]).finally(() => lines.off('line', onLine))
  }
  const afterEnd = async () => {
    await ended.promise
    await unguard()
  }
  const stop = () => {
    child.stdin.end()
    return afterEnd()
  }
  try {
    await readLine(/^state RUNNING$/)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    reader: { group: `streams-${topic}`, topic },
    group,
    ask() {
      const line = readLine(/^answer (.*)$/)
      child.stdin.write('\n')
      return line
    },
    hasEnded: () => hasEnded,
    stop,
    kill() {
      signalGroup(group, 'SIGKILL')
      return afterEnd()
    },
  }
}

function getResultsTopic({ topic }: Options): string {
  return `${topic}-streams`
}
