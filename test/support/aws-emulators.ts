/** ElasticMQ and S3Mock, from Maven: what others use in the place of SQS and S3, beside LocalStack. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled } from '../../localstack/services/install.ts'
import { freePort, LOOPBACK } from '../../localstack/services/ports.ts'
import { awsAnswers } from '../../localstack/services/probes.ts'
import { type ManagedProcess, startProcess, tellingLine } from '../../localstack/services/process.ts'
import { requireJava, requireMaven } from '../../localstack/services/requirements.ts'
import { runTool } from '../../localstack/services/tool.ts'
import { LOCAL, LOGS_DIR } from '../../programs/paths.ts'
import { HOPELESS_MS, until } from './until.ts'
import { onFreePorts } from './valkey.ts'

export interface Emulator {
  /** Its address. */
  readonly endpoint: string
  stop(): Promise<void>
}

/** What differs between them. */
interface Kind {
  readonly name: string
  readonly version: string
  /** A file that is there once it is installed. */
  readonly probe: string
  /** The goal of Maven that fills the folder, with its arguments. */
  fetch(folder: string): string[]
  /** The arguments for Java. */
  run(jars: string, port: number, folder: string): string[]
}

const HEAP = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Djava.net.preferIPv4Stack=true']

const ELASTIC_MQ: Kind = {
  name: 'elasticmq',
  version: '1.6.9',
  probe: 'elasticmq-server_2.13-1.6.9.jar',
  fetch: folder => [
    '--file',
    join(import.meta.dirname, 'java', 'elasticmq.xml'),
    'dependency:copy-dependencies',
    `-DoutputDirectory=${folder}`,
    '-Delasticmq.version=1.6.9',
  ],
  run: (jars, port) => [
    `-Drest-sqs.bind-port=${port}`,
    `-Drest-sqs.bind-hostname=${LOOPBACK}`,
    '-Drest-stats.enabled=false',
    '-Dgenerate-node-address=true',
    '-cp',
    join(jars, '*'),
    'org.elasticmq.server.Main',
  ],
}

const S3_MOCK: Kind = {
  name: 's3mock',
  version: '4.11.0',
  probe: 's3mock-4.11.0-exec.jar',
  fetch: folder => [
    'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy',
    '-Dartifact=com.adobe.testing:s3mock:4.11.0:jar:exec',
    `-DoutputDirectory=${folder}`,
  ],
  run: (jars, port, folder) => [
    // The listener for HTTPS takes plain HTTP: the other one, which cannot be turned off, has no address of its own.
    '-Dserver.ssl.enabled=false',
    '-Dcom.adobe.testing.s3mock.httpPort=0',
    `-Dserver.address=${LOOPBACK}`,
    `-Dserver.port=${port}`,
    `-Dcom.adobe.testing.s3mock.store.root=${folder}`,
    '-jar',
    join(jars, 's3mock-4.11.0-exec.jar'),
  ],
}

/** SQS, with the account 000000000000. It has no queues. */
export function startElasticMq(): Promise<Emulator> {
  return onFreePorts(() => start(ELASTIC_MQ))
}

/** S3. It has no buckets. */
export function startS3Mock(): Promise<Emulator> {
  return onFreePorts(() => start(S3_MOCK))
}

async function start(kind: Kind): Promise<Emulator> {
  const jars = await install(kind)
  const folder = await mkdtemp(join(tmpdir(), `sluice-${kind.name}-`))
  const logFile = join(folder, 'log')
  let running: ManagedProcess | undefined
  const stop = async () => {
    await running?.stop(2_000)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const port = await freePort()
    const args = [...HEAP, ...kind.run(jars, port, join(folder, 'data'))]
    running = await startProcess({ command: await requireJava(), args, env: process.env }, logFile)
    let isOver = false
    void running.exited.then(() => {
      isOver = true
    })
    const endpoint = `http://${LOOPBACK}:${port}`
    await until(`${kind.name} to answer`, async () => isOver || (await awsAnswers(endpoint)))
    if (isOver) throw new Error(`${kind.name} did not start: ${tellingLine(logFile)}`)
    return { endpoint, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function install({ name, version, probe, fetch }: Kind): Promise<string> {
  const dir = join(LOCAL, name, version)
  const signal = AbortSignal.timeout(HOPELESS_MS)
  const fill = async (folder: string) => {
    const args = ['--batch-mode', '--no-transfer-progress', ...fetch(folder)]
    const logFile = join(LOGS_DIR, `install-${name}.log`)
    await runTool(
      { command: await requireMaven(), args, env: process.env },
      { task: `Installing ${name}`, logFile, signal },
    )
  }
  const context = { report: () => {}, signal, logsDir: LOGS_DIR }
  await ensureInstalled(
    { service: 'aws', title: `${name} ${version}`, dir, probe, wanted: version, fill },
    context,
  )
  return dir
}
