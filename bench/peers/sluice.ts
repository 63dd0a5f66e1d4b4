import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { parseEntity } from '#runtime/consumer/event.ts'
import type { EntitySummary } from '../../lib/analytics/processor.ts'
import { ENTITIES, entityReport } from '../../lib/tables/entity-statistics.ts'
import { readTable } from '../../lib/tables/table.ts'
import { offlineProgram } from '../kit/offline-project.ts'
import { processorTime, redisProcessorMs } from '../kit/processes.ts'
import { names } from '../kit/vocabulary.ts'
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
  const { handler, broker, redisUrl, env, folder } = options
  const notes = join(folder, 'notes.ndjson')
  const program = await offlineProgram({
    ...{ folder, env, broker, redisUrl },
    environment: { BENCH_NOTES: notes, ...options.environment },
    functions: { processor: { handler: 'handler.handler', timeout: 30, topic: 'readings' } },
    links: { processor: dirname(handler) },
    files: { 'handler.js': await readFile(join(import.meta.dirname, 'sluice-handler.js'), 'utf8') },
  })
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
      statistics: () => readStates(redis, env),
      processorMs: async () => {
        const own = await processorTime([program.pid ?? 0])
        return own === undefined ? undefined : own + (await redisProcessorMs(redis))
      },
      failed: () => (isOver ? program.output : undefined),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readStates(redis: RedisClient, env: string): Promise<ReadonlyMap<string, EntitySummary>> {
  const { rows } = await readTable(new StateInspection(redis), ENTITIES, names.topicSize('readings', env))
  return new Map(rows.map(entityReport).map(report => [parseEntity(report.entity).subject ?? '', report]))
}
