/** Other producers, with compression: librdkafka from a Python package, and the Java client from Kafka's own tools. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { ensureInstalled, type InstallContext } from '../../localstack/services/install.ts'
import { KAFKA_VERSION, kafkaServer } from '../../localstack/services/kafka.ts'
import { ensurePythonPackages } from '../../localstack/services/python.ts'
import { requireJava, requireMaven } from '../../localstack/services/requirements.ts'
import { runTool } from '../../localstack/services/tool.ts'
import { LOCAL } from '../../programs/paths.ts'
import { PROJECT } from './program.ts'

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
type CodecName = (typeof CODECS)[number]

/** Key and value must not contain tabs, commas or colons, because a console producer parses them. */
export interface PlainRecord {
  readonly key: string
  readonly value: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export interface ProducerRun {
  readonly topic: string
  readonly codec: CodecName
  readonly records: readonly PlainRecord[]
  /** The approximate size of a batch before compression. */
  readonly batchBytes: number
  /** Write the records in a transaction, which leaves a commit marker after them. */
  readonly transactional?: boolean
}

const PYTHON = join(LOCAL, 'python', 'librdkafka')
const JARS = join(LOCAL, 'kafka', KAFKA_VERSION)
const TOOLS = join(LOCAL, 'kafka-tools', KAFKA_VERSION)

/** Downloads both producers unless they are installed. */
export async function installForeignProducers(folder: string): Promise<void> {
  const context = { report: () => {}, signal: new AbortController().signal, logsDir: folder }
  const packages = { service: 'kafka', title: 'librdkafka', lock: 'librdkafka.txt' } as const
  await Promise.all([
    ensurePythonPackages({ ...packages, dir: PYTHON, probe: join('bin', 'python') }, context),
    kafkaServer({ port: 0, dataDir: folder }).install(context),
    installKafkaTools(context),
  ])
}

/** Installs the console producer, the only part that the jars of the broker lack. */
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

/** Writes one run after another with librdkafka. Rejects if not everything is acknowledged. */
export async function writeWithLibrdkafka(
  brokers: readonly string[],
  runs: readonly ProducerRun[],
): Promise<void> {
  const plan = {
    brokers: brokers.join(','),
    runs: runs.map(run => ({ transactional: false, ...run })),
  }
  const script = join(PROJECT, 'test', 'support', 'librdkafka.py')
  await fed(join(PYTHON, 'bin', 'python'), [script], JSON.stringify(plan))
}

/** Writes with the Java client, without transactions. */
export async function writeWithJava(brokers: readonly string[], run: ProducerRun): Promise<void> {
  const args = [
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    '-cp',
    [join(JARS, '*'), join(TOOLS, '*')].join(':'),
    'org.apache.kafka.tools.ConsoleProducer',
    '--bootstrap-server',
    brokers.join(','),
    '--topic',
    run.topic,
    '--compression-codec',
    run.codec,
    '--batch-size',
    String(run.batchBytes),
    '--command-property',
    'linger.ms=500',
    '--reader-property',
    'parse.headers=true',
    '--reader-property',
    'parse.key=true',
  ]
  const lines = run.records.map(({ key, value, headers }) => {
    const named = headers.map(header => header.join(':')).join(',')
    return `${named}\t${key}\t${value}\n`
  })
  const said = await fed(await requireJava(), args, lines.join(''))
  // Its exit status is 0 even if it has not written the records.
  if (said !== '') throw new Error(`not written: ${said}`)
}

const LONGEST_MS = 60_000

/** Runs a program with this input, and returns its trimmed output. */
function fed(command: string, args: readonly string[], input: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = execFile(command, [...args], { timeout: LONGEST_MS }, (error, stdout, stderr) => {
    const said = `${stdout}${stderr}`.trim()
    if (error) reject(new Error(`${command} failed: ${said}`, { cause: error }))
    else resolve(said)
  })
  // If the program ends early, its exit status is the better error.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  return promise
}
