/** The variables of a function in the benchmark: those that it has under `npm start`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expandedFields } from '../../infra/expand-functions.ts'
import { thisMachine } from '../../infra/this-machine.ts'
import type { DeclaredFunction } from '../../lib/app/functions.ts'
import { LOCAL_AWS_ENVIRONMENT } from '../../localstack/resources.ts'
import { PROJECT } from '../../programs/paths.ts'
import type { Cloud } from '../kit/servers.ts'

/** Each sensor is a group of its own with immediate notifications, by SNS and by a webhook. */
const ROUTES =
  'routes: [{ name: all, groupBy: [entity], groupWait: 0s, groupInterval: 1s, receivers: [sns, hook] }]\n'

/** @param folder for files of its own; @param receiverPort where webhooks are taken */
export async function variablesFor(
  env: string,
  { broker, redisUrl, awsEndpoint }: Cloud,
  { folder, receiverPort }: { readonly folder: string; readonly receiverPort: number },
): Promise<(declared: DeclaredFunction, all: readonly DeclaredFunction[]) => Record<string, string>> {
  await mkdir(folder)
  const hook = `{ name: hook, kind: webhook, url: 'http://127.0.0.1:${receiverPort}/', allowPrivate: true }`
  await writeFile(join(folder, 'receivers.yaml'), `receivers: [{ name: sns, kind: sns }, ${hook}]\n`)
  await writeFile(join(folder, 'routes.yaml'), ROUTES)
  const given = {
    SLUICE_ENV: env,
    KAFKA_BROKERS: broker,
    REDIS_URL: redisUrl,
    AWS_ENDPOINT_URL: awsEndpoint,
    NOTIFICATIONS_DIR: folder,
    RULES_DIR: join(PROJECT, 'config/rules'),
    FAILURES_DIR: join(PROJECT, 'config/failures'),
  }
  const place = thisMachine(given, PROJECT)
  const common = {
    ...place.environment,
    ...LOCAL_AWS_ENVIRONMENT,
    SLUICE_ENV: env,
    REDIS_SECRET: `sluice/${env}/redis`,
    GENERATOR_PARAMETER: `/sluice/${env}/generator`,
    CHECKPOINT_BUCKET: place.checkpointBucket ?? '',
    REPORT_BATCH_ITEM_FAILURES: 'true',
  }
  return (declared, all) => ({
    ...common,
    ...(expandedFields(declared, all, place).environment as Record<string, string> | undefined),
  })
}
