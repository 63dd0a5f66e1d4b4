/** Functions that run in `serverless offline`, with the trigger of this project. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Program } from '@sluice/test-kit/program'
import { freePorts } from '#local-servers/ports'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { names } from './vocabulary.ts'

interface OfflineFunction {
  readonly handler: string
  /** Seconds. */
  readonly timeout: number
  /** Topics that it reads. Each has a group of its own, which is named by `groupOf`. */
  readonly topic: Signal | readonly Signal[]
}

export interface OfflineProject {
  /** A folder for its files, which does not exist yet. */
  readonly folder: string
  readonly env: string
  readonly broker: string
  readonly redisUrl: string
  /** More variables of all functions. */
  readonly environment: Readonly<Record<string, string>>
  readonly functions: Readonly<Record<string, OfflineFunction>>
  /** Linked folders by their names in it. */
  readonly links: Readonly<Record<string, string>>
  /** Contents of more files by their names. */
  readonly files?: Readonly<Record<string, string>>
}

/** Returns the consumer group of a function that reads several topics. */
export function getGroup(name: string, topic: Signal, env: string): string {
  return `${name}-${topic}-${env}`
}

export async function offlineProgram(project: OfflineProject): Promise<Program> {
  const { folder } = project
  await mkdir(folder, { recursive: true })
  const links = {
    node_modules: join(PROJECT, 'node_modules'),
    'msk-trigger': join(PROJECT, 'packages', 'msk-trigger'),
    ...project.links,
  }
  const files = {
    'package.json': '{"type":"module"}',
    // JSON is YAML.
    'serverless.yml': JSON.stringify(configuration(project)),
    ...project.files,
  }
  await Promise.all([
    ...Object.entries(links).map(([name, target]) => symlink(target, join(folder, name))),
    ...Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)),
  ])
  const [http, lambda, websocket] = await freePorts(3)
  const ports = ['--httpPort', http, '--lambdaPort', lambda, '--websocketPort', websocket].map(String)
  return new Program('serverless', ['offline', ...ports], { cwd: folder })
}

function configuration({ env, broker, redisUrl, environment, functions }: OfflineProject) {
  const buildMskEvent = (topic: Signal) => ({
    arn: 'arn:aws:kafka:us-east-1:000000000000:cluster/bench/00000000-0000-0000-0000-000000000000-1',
    topic: names.topicName(topic, env),
    startingPosition: 'TRIM_HORIZON',
    batchSize: 500,
    maximumBatchingWindow: 0,
    functionResponseType: 'ReportBatchItemFailures',
  })
  const listEvents = (name: string, topic: Signal | readonly Signal[]) =>
    typeof topic === 'string'
      ? [{ msk: buildMskEvent(topic) }]
      : topic.map(signal => ({
          msk: { ...buildMskEvent(signal), consumerGroupId: getGroup(name, signal, env) },
        }))
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
        ...environment,
      },
    },
    plugins: ['./msk-trigger/index.ts', 'serverless-offline'],
    custom: { mskTrigger: { brokers: broker, lingerMs: 50 } },
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, { topic, ...one }]) => [
        name,
        { ...one, events: listEvents(name, topic) },
      ]),
    ),
  }
}
