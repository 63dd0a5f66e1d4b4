/** Installs the programs of `examples/clients` in the way that their pages describe, and runs them against the test servers. */
import { createHash } from 'node:crypto'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROJECT } from '@sluice/test-kit/program'
import { brokers } from '@sluice/test-kit/servers'
import { ensureInstalled, type Package, pythonPackages } from '#local-servers/install'
import { fetchWithMaven } from '#local-servers/jars'
import type { Launch } from '#local-servers/managed-process'
import { requireJava } from '#local-servers/requirements'
import { LOCAL } from '../../scripts/paths.ts'

const EXAMPLES = join(PROJECT, 'examples', 'clients')
const PYTHON = join(LOCAL, 'python', 'clients')
const JAVA = join(LOCAL, 'java', 'clients')
const JAVA_FLAGS = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
/** Hides a warning of newer Node.js versions: when idle, kafkajs passes the time of day to timers. */
const QUIET = '--disable-warning=TimeoutNegativeWarning'
const SOURCES = join('src', 'main')
const JAVA_FILES = [
  'pom.xml',
  ...['Consumer', 'Producer', 'Readings'].map(javaFile),
  join(SOURCES, 'resources', 'simplelogger.properties'),
]

export const CLIENTS = ['kafka-python', 'confluent-kafka', 'kafkajs', 'java'] as const
export type Client = (typeof CLIENTS)[number]
type Role = 'producer' | 'consumer' | 'transaction'

/** Downloads and compiles the examples, unless they are already installed. */
export async function installClientExamples(): Promise<void> {
  const context = { signal: new AbortController().signal }
  const lock = join(EXAMPLES, 'python', 'requirements.txt')
  const python = pythonPackages({ service: 'kafka', title: 'the Python clients', lock, dir: PYTHON })
  await Promise.all([python, await javaClient()].map(packageFile => ensureInstalled(packageFile, context)))
}

/** Compiles a copy of the Java client, because Maven writes to the project's folder. */
async function javaClient(): Promise<Package> {
  const source = join(EXAMPLES, 'java')
  const hash = createHash('sha256')
  for (const file of JAVA_FILES) hash.update(await readFile(join(source, file)))
  return {
    service: 'kafka',
    title: 'the Java client',
    dir: JAVA,
    probe: join('target', 'classes', 'com', 'example', 'telemetry', 'Consumer.class'),
    version: hash.digest('hex'),
    async fill(dir, run) {
      await cp(source, dir, { recursive: true, filter: path => path !== join(source, 'target') })
      await fetchWithMaven(run, '--file', join(dir, 'pom.xml'), 'clean', 'compile')
    },
  }
}

function javaFile(name: string): string {
  return join(SOURCES, 'java', 'com', 'example', 'telemetry', `${name}.java`)
}

/** Returns the command that runs a client's program for a topic. */
export async function clientLaunch(
  client: Client,
  role: Role,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Launch> {
  const [command, ...before] = await readProgram(client, role)
  const settings = { KAFKA_BROKERS: brokers().join(','), ...env }
  return { command, args: [...before, ...args], env: { ...process.env, ...settings } }
}

async function readProgram(client: Client, role: Role): Promise<[command: string, ...args: string[]]> {
  if (client === 'kafkajs') return [process.execPath, QUIET, join(EXAMPLES, 'kafkajs', `${role}.mjs`)]
  if (client === 'java') {
    const classPath = [join(JAVA, 'target', 'classes'), join(JAVA, 'target', 'lib', '*')].join(':')
    const main = `com.example.telemetry.${role === 'producer' ? 'Producer' : 'Consumer'}`
    return [await requireJava(), ...JAVA_FLAGS, '-cp', classPath, main]
  }
  const script = `${client === 'kafka-python' ? 'kafka_python' : 'confluent'}_${role}.py`
  return [join(PYTHON, 'bin', 'python'), join(EXAMPLES, 'python', script)]
}
