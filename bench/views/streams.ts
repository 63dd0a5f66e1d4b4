import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import kafkajs from 'kafkajs'
import { ensureInstalled, fetchWithMaven, type Package } from '#local-servers/install.ts'
import { KAFKA_VERSION } from '#local-servers/kafka.ts'
import { runTool } from '#local-servers/managed-process.ts'
import { guardGroup } from '#local-servers/process-groups.ts'
import { requireJava } from '#local-servers/requirements.ts'
import { LOCAL, PROJECT } from '../../scripts/paths.ts'
import { processorTime, residentBytes } from '../kit/processes.ts'
import type { Side, TableKind } from './side.ts'

export const STREAMS = `Kafka Streams ${KAFKA_VERSION} with RocksDB`

const HERE = join(PROJECT, 'bench', 'views')

/** Returns the class path of the program `Streams.java`, which is compiled, and of Kafka Streams, which Maven downloads. */
export async function installedStreams(room: string, signal: AbortSignal): Promise<string> {
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
      return fetchWithMaven(run, '--file', join(HERE, 'pom.xml'), ...goal)
    },
  }
  await ensureInstalled(jars, { signal })
  const classes = join(room, 'classes')
  await mkdir(classes, { recursive: true })
  const all = join(jars.dir, '*')
  const compile = { command: 'javac', args: ['-cp', all, '-d', classes, join(HERE, 'Streams.java')] }
  await runTool(compile, { task: 'Compiling Streams.java', logFile: join(room, 'javac.log'), signal })
  return `${classes}:${all}`
}

/** Starts Kafka Streams on a topic, from its beginning, with one thread. */
export async function startStreams(options: {
  readonly classPath: string
  readonly broker: string
  readonly topic: string
  readonly folder: string
  readonly kind: TableKind
}): Promise<Side> {
  const { classPath, broker, topic, folder, kind } = options
  const changes = `${topic}-streams`
  await createTopic(broker, changes)
  const child = spawn(
    await requireJava(),
    ['-cp', classPath, 'Streams', broker, topic, changes, folder, kind],
    {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const unguard = guardGroup(child.pid ?? 0)
  const lines = createInterface({ input: child.stdout })
  const stop = async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
    await unguard()
  }
  try {
    await readLine(lines, child, /^state RUNNING$/)
  } catch (error) {
    await stop()
    throw error
  }
  const groups = [child.pid ?? 0]
  return {
    groups: [{ group: `streams-${topic}`, topic }],
    processorMs: () => processorTime(groups),
    memoryBytes: async () => (await residentBytes(groups)) ?? Number.NaN,
    async total() {
      const line = readLine(lines, child, /^total (\d+)$/)
      child.stdin.write('total\n')
      return Number((await line)[1])
    },
    stop,
  }
}

async function createTopic(broker: string, topic: string): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })
  await admin.disconnect()
}

/** Waits for a line of the program's output. @throws Error if the program ends first */
async function readLine(
  lines: ReturnType<typeof createInterface>,
  child: ChildProcess,
  wanted: RegExp,
): Promise<RegExpExecArray> {
  const found = Promise.withResolvers<RegExpExecArray>()
  const onLine = (line: string) => {
    const match = wanted.exec(line)
    if (match) found.resolve(match)
  }
  const onExit = () => found.reject(new Error(`Kafka Streams ended before it printed ${wanted}`))
  lines.on('line', onLine)
  child.once('exit', onExit)
  try {
    return await found.promise
  } finally {
    lines.off('line', onLine)
    child.off('exit', onExit)
  }
}
