import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

export const KAFKA_VERSION = '4.3.0'

const OLDEST_JAVA = 17
const COPY_JARS = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const INSTEAD = 'Or run Kafka with Docker, as the README of serverless-offline-msk-trigger says.'

/** Error that the user can correct. Only its message is shown, without a stack. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/**
 * Returns the folder for downloads and records. It is outside the project, because files in the project would
 * be packaged with its functions.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const folders = {
    win32: env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'),
    darwin: join(homedir(), 'Library', 'Caches'),
  }
  const caches = folders[platform as keyof typeof folders] ?? join(homedir(), '.cache')
  return join(env.XDG_CACHE_HOME ?? caches, 'serverless-offline-msk-trigger')
}

/** Returns the command that starts Java. @throws Refused if Java is missing or its version cannot run Kafka */
export async function requiredJava(): Promise<string> {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java'
  const said = await outputOf(java, ['-version'])
  const version = Number(/version "(?:1\.)?(\d+)/.exec(said ?? '')?.[1])
  if (version >= OLDEST_JAVA) return java
  const found = Number.isNaN(version) ? `${java} cannot be run` : `${java} is Java ${version}`
  throw new Refused(
    `Kafka needs Java ${OLDEST_JAVA} or newer, but ${found}. Install one, or set JAVA_HOME. ${INSTEAD}`,
  )
}

/**
 * Returns the folder with Kafka's jar files. Maven downloads and verifies them on the first call.
 *
 * @throws Refused if the download fails
 */
export async function installedKafka(say: (line: string) => void): Promise<string> {
  const jars = join(cacheFolder(), `kafka-${KAFKA_VERSION}`)
  if (existsSync(jars)) return jars
  if (!(await outputOf('mvn', ['--version'])))
    throw new Refused(`Kafka is downloaded with Maven, but mvn cannot be run. Install Maven. ${INSTEAD}`)
  say(`Downloading Kafka ${KAFKA_VERSION} with Maven to ${jars}`)
  const unfinished = `${jars}.${process.pid}`
  try {
    await mkdir(unfinished, { recursive: true })
    const pom = join(unfinished, 'pom.xml')
    await writeFile(pom, POM)
    const goal = [COPY_JARS, '-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`]
    await run('mvn', ['--batch-mode', '--quiet', '--file', pom, ...goal], 'Kafka could not be downloaded')
    // Ignore the error if another process has created the folder in the meantime.
    await rename(unfinished, jars).catch(error => {
      if (!existsSync(jars)) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return jars
}

/** Runs a program until it ends. @throws Refused with the program's output if the program fails */
export async function run(command: string, args: readonly string[], what: string): Promise<void> {
  try {
    await execute(command, args)
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Refused(`${what}: ${command} failed.\n${stdout}${stderr}`.trimEnd())
  }
}

/** Returns the output of a program; undefined if it cannot be run or fails. */
async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await execute(command, args)
    return stdout + stderr
  } catch {
    return undefined
  }
}

/** Executes a command. On Windows, `mvn` needs a shell because it is a script. */
function execute(command: string, args: readonly string[]) {
  return promisify(execFile)(command, [...args], { shell: process.platform === 'win32' && command === 'mvn' })
}

/** Maven project that installs Kafka. The version of the logging binding must match Kafka's version of the logging interface. */
const POM = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`
