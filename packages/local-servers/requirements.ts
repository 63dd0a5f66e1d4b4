import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { UserError } from './user-error.ts'

const run = promisify(execFile)

/** JVM options for a low memory use and a fast start. Local servers have little code to compile and little garbage to collect. */
const SMALL_JVM = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

/**
 * Returns JVM options for a server, and creates a temporary folder in its data folder. A killed JVM leaves unpacked libraries in
 * that folder, so it is emptied at each start.
 */
export async function jvmOptions(dir: string): Promise<string[]> {
  const temporary = join(dir, 'tmp')
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  return [...SMALL_JVM, `-Djava.io.tmpdir=${temporary}`]
}

const OLDEST_JAVA = 17
const OLDEST_PYTHON = [3, 11] as const

/** Finds the Java of the machine: the Java in JAVA_HOME if set, otherwise the first one on the PATH. */
export async function requireJava(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java'
  const versionOutput = await readOutput(java, ['-version'], env)
  const version = /version "(?:1\.)?(\d+)/.exec(versionOutput ?? '')?.[1]
  if (version !== undefined && Number(version) >= OLDEST_JAVA) return java
  throw new UserError(
    `Kafka needs Java ${OLDEST_JAVA} or newer; ${describeVersion(java, version && `Java ${version}`)}. Install it ` +
      `(Debian, Ubuntu: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17), or set KAFKA_BROKERS ` +
      'to a running Kafka.',
  )
}

/** Checks that Maven can be run. */
export async function requireMaven(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  if (/Apache Maven/.test((await readOutput('mvn', ['--version'], env)) ?? '')) return 'mvn'
  throw new UserError(
    'This is downloaded with Maven, but mvn cannot be run. Install it (Debian, Ubuntu: apt install maven; macOS: ' +
      'brew install maven), or set KAFKA_BROKERS to a running Kafka.',
  )
}

/**
 * Returns a message if a program is missing that installs the servers, and undefined otherwise. Servers that environment
 * variables name need none; a Kafka needs no Python if the machine has Java and Maven.
 */
export async function describeMissingProgram(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const runsKafka = () =>
    Promise.all([requireJava(env), requireMaven(env)]).then(
      () => true,
      () => false,
    )
  if (env.REDIS_URL && (env.KAFKA_BROKERS || (await runsKafka()))) return undefined
  return requirePython(env).then(
    () => undefined,
    (error: UserError) => error.message,
  )
}

const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python']
const ASK_PYTHON = 'import sys; print(*sys.version_info[:3], sys.executable)'

/** Returns the path of the first sufficiently new Python on the PATH. */
export async function requirePython(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  let older: string | undefined
  for (const command of PYTHONS) {
    const versionOutput = await readOutput(command, ['-c', ASK_PYTHON], env)
    const [, major, minor, patch, path] = /^(\d+) (\d+) (\d+) (.+)$/m.exec(versionOutput ?? '') ?? []
    if (path === undefined) continue
    const [oldestMajor, oldestMinor] = OLDEST_PYTHON
    if (Number(major) === oldestMajor && Number(minor) >= oldestMinor) return path
    older ??= `Python ${major}.${minor}.${patch}`
  }
  throw new UserError(
    `Kafka and Valkey are installed with Python ${OLDEST_PYTHON.join('.')} or newer; ${describeVersion('python3', older)}. ` +
      'Install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13), or set ' +
      'KAFKA_BROKERS and REDIS_URL to running servers.',
  )
}

function describeVersion(command: string, version: string | undefined): string {
  return version === undefined ? `${command} cannot be run` : `${command} is ${version}`
}

/** Returns the output of a command; undefined if it cannot be run or fails. */
export async function readOutput(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, args, { env, timeout: 20_000 })
    return stdout + stderr
  } catch {
    return undefined
  }
}
