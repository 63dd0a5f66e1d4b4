/** ElasticMQ and S3Mock from Maven. Other projects use these emulators of SQS and S3 instead of LocalStack. */
import { join } from 'node:path'
import type { Server } from '../../localstack/services/definition.ts'
import { copyOf, fetchWithMaven, type Package } from '../../localstack/services/install.ts'
import { freePort, LOOPBACK } from '../../localstack/services/ports.ts'
import { awsAnswers } from '../../localstack/services/probes.ts'
import { jvmOptions, requireJava } from '../../localstack/services/requirements.ts'
import { startApart } from '../../localstack/services/server.ts'
import { LOCAL } from '../../programs/paths.ts'
import { HOPELESS_MS } from './until.ts'
import { onFreePorts } from './valkey.ts'

export interface Emulator {
  /** URL of the emulator. */
  readonly endpoint: string
  stop(): Promise<void>
}

/** Properties in which the emulators differ. */
interface Kind {
  readonly name: string
  readonly version: string
  /** File that exists in the folder after the installation. */
  readonly probe: string
  /** Returns the Maven goal that downloads the emulator into the folder, with its arguments. */
  fetch(folder: string): string[]
  /** Returns the command-line arguments for Java. */
  run(jars: string, port: number, folder: string): string[]
}

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
  fetch: folder => copyOf('com.adobe.testing:s3mock:4.11.0:jar:exec', folder),
  run: (jars, port, folder) => [
    // Use plain HTTP on the HTTPS port. The HTTP port cannot be disabled, so it gets a random number.
    '-Dserver.ssl.enabled=false',
    '-Dcom.adobe.testing.s3mock.httpPort=0',
    `-Dserver.address=${LOOPBACK}`,
    `-Dserver.port=${port}`,
    // It takes each folder in it for a bucket, so it must not contain the temporary folder.
    `-Dcom.adobe.testing.s3mock.store.root=${join(folder, 'buckets')}`,
    '-jar',
    join(jars, 's3mock-4.11.0-exec.jar'),
  ],
}

/** Starts an emulator of SQS with the account 000000000000 and without queues. */
export function startElasticMq(): Promise<Emulator> {
  return onFreePorts(() => start(ELASTIC_MQ))
}

/** Starts an emulator of S3 without buckets. */
export function startS3Mock(): Promise<Emulator> {
  return onFreePorts(() => start(S3_MOCK))
}

async function start(kind: Kind): Promise<Emulator> {
  const port = await freePort()
  const endpoint = `http://${LOOPBACK}:${port}`
  const { stop } = await startApart(folder => [serverOf(kind, port, endpoint, join(folder, 'data'))], {
    signal: AbortSignal.timeout(HOPELESS_MS),
  })
  return { endpoint, stop }
}

function serverOf(kind: Kind, port: number, endpoint: string, dir: string): Server {
  const { name, version, probe, fetch } = kind
  const jars: Package = {
    service: 'aws',
    title: `${name} ${version}`,
    dir: join(LOCAL, name, version),
    probe,
    version,
    fill: (folder, run) => fetchWithMaven(run, ...fetch(folder)),
  }
  return {
    name: 'aws',
    title: name,
    variable: 'AWS_PORT',
    port,
    dir,
    package: jars,
    prepare: async () => ({
      command: await requireJava(),
      args: [...(await jvmOptions(dir)), '-Djava.net.preferIPv4Stack=true', ...kind.run(jars.dir, port, dir)],
    }),
    answers: () => awsAnswers(endpoint),
  }
}
