import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { EntitySummary } from '../../lib/analytics/process.ts'
import { topicSize } from '../../lib/app/topics.ts'
import { ENTITIES, entityReport } from '../../lib/tables/statistics.ts'
import { readTable } from '../../lib/tables/table.ts'
import { freePorts } from '../../localstack/services/ports.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { partsOfEntity } from '../../packages/runtime/consumer/event.ts'
import { PROJECT } from '../../programs/paths.ts'
import { Program } from '../../test/support/program.ts'
import { processorTime } from './processor-time.ts'
import type { Side } from './side.ts'

interface Options {
  /** The bundle of the processor. */
  readonly handler: string
  readonly broker: string
  readonly redisUrl: string
  readonly env: string
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** A folder for the files of this run alone, inside the project. */
  readonly folder: string
}

/** Starts the processor as it is deployed, in serverless-offline with the local trigger, from the beginning of its topic. */
export async function startSluice(options: Options): Promise<Side> {
  const { handler, redisUrl, env, folder } = options
  await mkdir(folder, { recursive: true })
  const notes = join(folder, 'notes.ndjson')
  await Promise.all([
    symlink(dirname(handler), join(folder, 'processor')),
    symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules')),
    symlink(join(PROJECT, 'packages', 'msk-trigger'), join(folder, 'msk-trigger')),
    copyFile(join(import.meta.dirname, 'sluice-handler.js'), join(folder, 'handler.js')),
    writeFile(join(folder, 'package.json'), '{"type":"module"}'),
    // JSON is YAML.
    writeFile(join(folder, 'serverless.yml'), JSON.stringify(configuration(options, notes))),
  ])
  const [http, lambda, websocket] = await freePorts(3)
  const ports = ['--httpPort', http, '--lambdaPort', lambda, '--websocketPort', websocket].map(String)
  const program = new Program('serverless', ['offline', ...ports], { cwd: folder })
  let isOver = false
  void program.ended.then(() => {
    isOver = true
  })
  const redis = new RedisClient({ url: redisUrl })
  const stop = async () => {
    redis.close()
    program.signal('SIGTERM')
    await program.ended
  }
  try {
    await program.says(/^msk {2}ready: /m)
    return {
      notes,
      statistics: () => statesOf(redis, env),
      processorMs: async () => {
        const own = await processorTime([program.pid ?? 0])
        return own === undefined ? undefined : own + (await processorMsOf(redis))
      },
      failed: () => (isOver ? program.output : undefined),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function statesOf(redis: RedisClient, env: string): Promise<ReadonlyMap<string, EntitySummary>> {
  const { rows } = await readTable(new StateInspection(redis), ENTITIES, topicSize('readings', env))
  return new Map(rows.map(entityReport).map(report => [partsOfEntity(report.entity).subject ?? '', report]))
}

/** Returns the processor time of the server since its start. */
async function processorMsOf(redis: RedisClient): Promise<number> {
  const info = await redis.run(client => client.info('cpu'))
  const seconds = ['user', 'sys'].map(name =>
    Number(new RegExp(`^used_cpu_${name}:([\\d.]+)`, 'm').exec(info)?.[1]),
  )
  return seconds.reduce((sum, value) => sum + value * 1000, 0)
}

function configuration({ broker, redisUrl, env, environment }: Options, notes: string) {
  const msk = {
    arn: 'arn:aws:kafka:us-east-1:000000000000:cluster/bench/00000000-0000-0000-0000-000000000000-1',
    topic: topicSize('readings', env).topic,
    startingPosition: 'TRIM_HORIZON',
    batchSize: 500,
    maximumBatchingWindow: 0,
    functionResponseType: 'ReportBatchItemFailures',
  }
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
        REPORT_BATCH_ITEM_FAILURES: 'true',
        LOG_LEVEL: 'WARN',
        POWERTOOLS_METRICS_DISABLED: 'true',
        BENCH_NOTES: notes,
        ...environment,
      },
    },
    plugins: ['./msk-trigger/index.ts', 'serverless-offline'],
    custom: { mskTrigger: { brokers: broker } },
    functions: { processor: { handler: 'handler.handler', timeout: 30, events: [{ msk }] } },
  }
}
