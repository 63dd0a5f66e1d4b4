import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Signal, topicName } from '../../lib/app/topics.ts'
import { freePorts } from '../../localstack/services/ports.ts'
import { PROJECT } from '../../programs/paths.ts'
import { Program } from '../../test/support/program.ts'
import type { Servers } from '../kit/servers.ts'

/** The function in `hanging-sink.ts`. */
const HANGING = 'hanging'

export const SIDES = ['bare', 'sluice'] as const
export type SideName = (typeof SIDES)[number]

/** Common options of both sides of a comparison. */
export interface Beside {
  /** The address of a receiver that hangs: a sink then delivers every alert to it. */
  readonly receiverUrl?: string
}

export interface Setup extends Servers {
  /** The bundle of the alerting function. */
  readonly handler: string
  /** A folder for the files of both sides. */
  readonly room: string
}

/** Starts one side on the topics of an environment, and waits until it consumes. */
export async function startSide(
  side: SideName,
  env: string,
  setup: Setup,
  beside: Beside = {},
): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  const program = side === 'bare' ? bare(env, setup) : await sluice(env, setup, beside)
  const stop = async () => {
    program.signal('SIGTERM')
    await program.ended
  }
  try {
    await program.says(/^ready|^msk {2}ready: /m)
    return { pid: program.pid ?? 0, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function bare(env: string, { broker }: Setup): Program {
  const file = join(import.meta.dirname, 'bare-alerts.ts')
  return new Program(file, [broker, topicName('readings', env), topicName('alerts', env)])
}

/** The alerting function as deployed, but with a window of 0. */
async function sluice(
  env: string,
  { broker, redisUrl, handler, room }: Setup,
  { receiverUrl }: Beside,
): Promise<Program> {
  const folder = join(room, env)
  await mkdir(folder)
  const trigger = join(PROJECT, 'packages', 'msk-trigger')
  await Promise.all([
    symlink(dirname(handler), join(folder, 'alerting')),
    symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules')),
    symlink(trigger, join(folder, 'msk-trigger')),
    writeFile(join(folder, 'package.json'), '{"type":"module"}'),
    writeFile(join(folder, 'hanging.mjs'), `export { handler } from ${JSON.stringify(HANGING_SINK)}\n`),
    // JSON is YAML.
    writeFile(
      join(folder, 'serverless.yml'),
      JSON.stringify(configuration(env, { broker, redisUrl, receiverUrl })),
    ),
  ])
  const [http, lambda, websocket] = await freePorts(3)
  const ports = ['--httpPort', http, '--lambdaPort', lambda, '--websocketPort', websocket].map(String)
  return new Program('serverless', ['offline', ...ports], { cwd: folder })
}

const HANGING_SINK = join(import.meta.dirname, 'hanging-sink.ts')

interface Places {
  readonly broker: string
  readonly redisUrl: string
  readonly receiverUrl: string | undefined
}

function configuration(env: string, { broker, redisUrl, receiverUrl }: Places) {
  const mskOf = (topic: Signal) => ({
    arn: 'arn:aws:kafka:us-east-1:000000000000:cluster/bench/00000000-0000-0000-0000-000000000000-1',
    topic: topicName(topic, env),
    startingPosition: 'TRIM_HORIZON',
    batchSize: 500,
    maximumBatchingWindow: 0,
    functionResponseType: 'ReportBatchItemFailures',
  })
  const functionOf = (handler: string, timeout: number, topic: Signal) => ({
    handler,
    timeout,
    events: [{ msk: mskOf(topic) }],
  })
  return {
    service: `bench-${env}`,
    frameworkVersion: '4',
    provider: {
      name: 'aws',
      runtime: 'nodejs24.x',
      region: 'us-east-1',
      environment: {
        SLUICE_ENV: env,
        KAFKA_BROKERS: broker,
        REDIS_URL: redisUrl,
        RULES_DIR: join(PROJECT, 'config/rules'),
        REPORT_BATCH_ITEM_FAILURES: 'true',
        LOG_LEVEL: 'WARN',
        POWERTOOLS_METRICS_DISABLED: 'true',
        ...(receiverUrl === undefined ? {} : { RECEIVER_URL: receiverUrl }),
      },
    },
    plugins: ['./msk-trigger/index.ts', 'serverless-offline'],
    custom: { mskTrigger: { brokers: broker } },
    functions: {
      alerting: functionOf('alerting/handler.handler', 30, 'readings'),
      ...(receiverUrl === undefined ? {} : { [HANGING]: functionOf('hanging.handler', 60, 'alerts') }),
    },
  }
}
