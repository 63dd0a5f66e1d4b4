import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../localstack/services/ports.ts'
import { startProcess } from '../../localstack/services/process.ts'
import { requireJava, requireMaven } from '../../localstack/services/requirements.ts'
import { runTool } from '../../localstack/services/tool.ts'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withLockFile } from '../../programs/lock-file.mjs'
import { LOCAL, LOGS_DIR } from '../../programs/paths.ts'
import { until } from './until.ts'

/** The last version that runs on Java 17. */
const VERSION = '2.6.13.Final'
const ARTIFACT = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
const DIR = join(LOCAL, 'registry', VERSION)
const JAR = `apicurio-registry-app-${VERSION}-runner.jar`
const INSTALLED_WITHIN_MS = 300_000

export interface Apicurio {
  /** The address of its Confluent-compatible API. */
  readonly uri: string
  /** Registers a schema and returns its id. */
  register(subject: string, schema: string, schemaType: string, references?: object[]): Promise<number>
  stop(): Promise<void>
}

/** Starts a real schema registry that keeps its schemas in memory. After a restart on the same port it is empty. */
export async function startApicurio(port?: number): Promise<Apicurio> {
  await install()
  const at = port ?? (await freePort())
  const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dquarkus.http.host=127.0.0.1']
  const args = [...flags, `-Dquarkus.http.port=${at}`, '-jar', join(DIR, JAR)]
  const launch = { command: await requireJava(), args, env: process.env }
  const running = await startProcess(launch, join(LOGS_DIR, 'registry.log'))
  const uri = `http://127.0.0.1:${at}/apis/ccompat/v7`
  try {
    await until('the schema registry to answer', async () => (await fetch(`${uri}/subjects`)).ok)
  } catch (error) {
    await running.stop()
    throw error
  }
  return {
    uri,
    stop: () => running.stop(),
    async register(subject, schema, schemaType, references = []) {
      const response = await fetch(`${uri}/subjects/${encodeURIComponent(subject)}/versions`, {
        method: 'POST',
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        body: JSON.stringify({ schema, schemaType, references }),
      })
      const answer = (await response.json()) as { id?: number }
      if (answer.id === undefined) throw new Error(`not registered: ${JSON.stringify(answer)}`)
      return answer.id
    },
  }
}

/** Fills a temporary folder next to the destination, and moves it there when it is complete. */
async function install(): Promise<void> {
  const signal = AbortSignal.timeout(INSTALLED_WITHIN_MS)
  await mkdir(join(LOCAL, 'registry'), { recursive: true })
  const onWait = () => {}
  await withLockFile(`${DIR}.lock`, async () => (existsSync(join(DIR, JAR)) ? undefined : fill(signal)), {
    signal,
    onWait,
  })
}

async function fill(signal: AbortSignal): Promise<void> {
  const incomplete = `${DIR}.incomplete`
  await rm(incomplete, { recursive: true, force: true })
  await mkdir(incomplete, { recursive: true })
  const options = {
    task: 'Installing the schema registry',
    logFile: join(LOGS_DIR, 'install-registry.log'),
    signal,
  }
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'
  const copy = [
    '--batch-mode',
    '--no-transfer-progress',
    goal,
    `-Dartifact=${ARTIFACT}`,
    `-DoutputDirectory=${incomplete}`,
  ]
  await runTool({ command: await requireMaven(), args: copy, env: process.env }, options)
  const archive = join(incomplete, `apicurio-registry-app-${VERSION}-all.tar.gz`)
  await runTool({ command: 'tar', args: ['xzf', archive, '-C', incomplete], env: process.env }, options)
  await rm(archive)
  await rename(incomplete, DIR)
}
