/** The programs of `examples/clients`, installed as their pages say, and run against the servers of the tests. */
import { createHash } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureInstalled, type InstallContext } from '../../localstack/services/install.ts'
import type { Launch } from '../../localstack/services/process.ts'
import { ensurePythonPackages } from '../../localstack/services/python.ts'
import { requireJava, requireMaven } from '../../localstack/services/requirements.ts'
import { runTool } from '../../localstack/services/tool.ts'
import { LOCAL } from '../../programs/paths.ts'
import { PROJECT } from './program.ts'
import { brokers } from './servers.ts'

const EXAMPLES = join(PROJECT, 'examples', 'clients')
const PYTHON = join(LOCAL, 'python', 'clients')
const JAVA = join(LOCAL, 'java', 'clients')
const JAVA_FLAGS = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
/** kafkajs gives timers the time of day when it has nothing to wait for, which newer versions of Node warn of. */
const QUIET = '--disable-warning=TimeoutNegativeWarning'
const SOURCES = join('src', 'main')
const JAVA_FILES = [
  'pom.xml',
  ...['Consumer', 'Producer', 'Readings'].map(javaFile),
  join(SOURCES, 'resources', 'simplelogger.properties'),
]

export const CLIENTS = ['kafka-python', 'confluent-kafka', 'kafkajs', 'java'] as const
export type Client = (typeof CLIENTS)[number]
type Role = 'producer' | 'consumer'

/** Downloads and compiles what the examples need, unless that is there already. */
export async function installClientExamples(folder: string): Promise<void> {
  const context = { report: () => {}, signal: new AbortController().signal, logsDir: folder }
  const lock = join(EXAMPLES, 'python', 'requirements.txt')
  const packages = { service: 'kafka', title: 'the Python clients', lock, dir: PYTHON } as const
  await Promise.all([
    ensurePythonPackages({ ...packages, probe: join('bin', 'python') }, context),
    compileJava(context),
  ])
}

/** Compiles a copy, because Maven writes into the folder of the project. */
async function compileJava(context: InstallContext): Promise<void> {
  const source = join(EXAMPLES, 'java')
  const title = 'the Java client'
  const fill = async (dir: string) => {
    await cp(source, dir, { recursive: true, filter: path => path !== join(source, 'target') })
    const args = [
      '--batch-mode',
      '--no-transfer-progress',
      '--file',
      join(dir, 'pom.xml'),
      'clean',
      'compile',
    ]
    const logFile = join(context.logsDir, 'install-java-client.log')
    const launch = { command: await requireMaven(), args, env: process.env }
    await runTool(launch, { task: `Compiling ${title}`, logFile, signal: context.signal })
  }
  const hash = createHash('sha256')
  for (const file of JAVA_FILES) hash.update(await readFile(join(source, file)))
  const probe = join('target', 'classes', 'com', 'example', 'telemetry', 'Consumer.class')
  const installation = {
    service: 'kafka',
    title,
    dir: JAVA,
    probe,
    wanted: hash.digest('hex'),
    fill,
  } as const
  await ensureInstalled(installation, context)
}

function javaFile(name: string): string {
  return join(SOURCES, 'java', 'com', 'example', 'telemetry', `${name}.java`)
}

/** How the program of a client is started, with the topic that it writes to or reads. */
export async function clientLaunch(
  client: Client,
  role: Role,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Launch> {
  const [command, ...before] = await programOf(client, role)
  const settings = { KAFKA_BROKERS: brokers().join(','), ...env }
  return { command, args: [...before, ...args], env: { ...process.env, ...settings } }
}

async function programOf(client: Client, role: Role): Promise<[command: string, ...args: string[]]> {
  if (client === 'kafkajs') return [process.execPath, QUIET, join(EXAMPLES, 'kafkajs', `${role}.mjs`)]
  if (client === 'java') {
    const classPath = [join(JAVA, 'target', 'classes'), join(JAVA, 'target', 'lib', '*')].join(':')
    const main = `com.example.telemetry.${role === 'producer' ? 'Producer' : 'Consumer'}`
    return [await requireJava(), ...JAVA_FLAGS, '-cp', classPath, main]
  }
  const script = `${client === 'kafka-python' ? 'kafka_python' : 'confluent'}_${role}.py`
  return [join(PYTHON, 'bin', 'python'), join(EXAMPLES, 'python', script)]
}
