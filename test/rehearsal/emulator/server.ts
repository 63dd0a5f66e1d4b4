/** ministack, from the Python index: an emulator of AWS that deploys stacks and runs the zips of functions as processes of Node. */
import { mkdir, symlink } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { pythonPackages } from '#local-servers/install'
import type { Launch } from '#local-servers/managed-process'
import { LOOPBACK } from '#local-servers/ports'
import type { Server } from '#local-servers/server-definition'
import { awsAnswers } from '../../../localstack/services/http-probes.ts'
import { LOCAL, PROJECT, PYTHON_LOCKS } from '../../../scripts/paths.ts'

/** Version as in localstack/python/ministack.txt. */
const VERSION = '1.5.33'
const TITLE = `ministack ${VERSION}`
const INSTALLED = join(LOCAL, 'python', 'ministack')
/** Services that a deployment and its functions call. Others would listen on addresses of their own, IoT for one. */
const SERVICES = [
  'cloudformation',
  'cloudwatch',
  // `serverless remove` asks whether there are images.
  'ecr',
  'events',
  'glue',
  'iam',
  'kafka',
  'kms',
  'lambda',
  'logs',
  's3',
  'secretsmanager',
  'sns',
  'sqs',
  'ssm',
  'sts',
]

/** Packages of Lambda's runtime: functions find no others of this project. */
const SDK = ['@aws-sdk', '@smithy']

interface EmulatorOptions {
  readonly port: number
  /** A folder of its own, which is removed by the caller. */
  readonly dir: string
  /** Returned addresses of a cluster's brokers. */
  readonly brokers: string
}

/** Starts the emulator on loopback. It keeps everything in memory. */
export function emulatorServer({ port, dir, brokers }: EmulatorOptions): Server {
  return {
    name: 'aws',
    title: TITLE,
    variable: 'AWS_PORT',
    port,
    dir,
    package: pythonPackages({
      service: 'aws',
      title: TITLE,
      lock: join(PYTHON_LOCKS, 'ministack.txt'),
      dir: INSTALLED,
    }),
    prepare: () => prepare(port, dir, brokers),
    answers: () => awsAnswers(`http://${LOOPBACK}:${port}/_ministack/health`),
  }
}

async function prepare(port: number, dir: string, brokers: string): Promise<Launch> {
  const code = join(dir, 'code')
  await mkdir(join(code, 'node_modules'), { recursive: true })
  for (const scope of SDK)
    await symlink(join(PROJECT, 'node_modules', scope), join(code, 'node_modules', scope))
  return {
    command: join(INSTALLED, 'bin', 'python'),
    args: [join(import.meta.dirname, 'run.py')],
    // A selection of the environment, because functions inherit it.
    env: {
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: dir,
      LANG: 'C.UTF-8',
      BIND_HOST: LOOPBACK,
      GATEWAY_PORT: String(port),
      SERVICES: SERVICES.join(','),
      // Where it unpacks the zips: Node looks for packages in the folders above.
      TMPDIR: code,
      AWS_SECRET_ACCESS_KEY: 'test',
      MINISTACK_MSK_BOOTSTRAP: brokers,
    },
  }
}
