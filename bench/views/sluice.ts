import { dirname } from 'node:path'
import { parseEntity } from '#runtime/consumer'
import { RedisClient } from '#runtime/operating/redis'
import { StateInspection } from '#runtime/operating/states'
import { VIEWS } from '../../control/queries/states/view-rows.ts'
import { storedStates } from '../../control/tables/table.ts'
import { rowsOfGroup } from '../../lib/views/group-rows.ts'
import type { GroupState } from '../../lib/views/group-step.ts'
import { getGroup, offlineProgram } from '../kit/offline-project.ts'
import { processorTime, redisProcessorMs, residentBytes } from '../kit/processes.ts'
import { usedMemory } from '../kit/used-memory.ts'
import { names } from '../kit/vocabulary.ts'
import { getPlan } from './readings.ts'
import type { Side, TableKind } from './side.ts'

/** New groups of a day. By default, a partition refuses more than 12,000 of a table. */
const NO_LIMIT = { NEW_ENTITIES_PER_DAY: '10000000' }

const SIGNALS = ['readings', 'view-rows'] as const

/** Starts the function `views` as it is deployed, in serverless-offline with the local trigger, from the beginning of its topics. */
export async function startSluice(options: {
  /** The bundle of the function. */
  readonly handler: string
  readonly broker: string
  readonly redisUrl: string
  readonly env: string
  readonly folder: string
  readonly kind: TableKind
}): Promise<Side> {
  const { handler, broker, redisUrl, env, folder, kind } = options
  const program = await offlineProgram({
    ...{ folder, env, broker, redisUrl, environment: NO_LIMIT },
    functions: { views: { handler: 'views/handler.handler', timeout: 30, topic: SIGNALS } },
    links: { views: dirname(handler) },
  })
  const redis = new RedisClient({ url: redisUrl })
  const stop = async () => {
    redis.close()
    program.signal('SIGTERM')
    await program.ended
  }
  try {
    await program.says(/^msk {2}ready: /m)
  } catch (error) {
    await stop()
    throw error
  }
  const groups = [program.pid ?? 0]
  const reader = (signal: (typeof SIGNALS)[number]) => ({
    group: getGroup('views', signal, env),
    topic: names.topicName(signal, env),
  })
  return {
    groups: [reader('readings'), reader('view-rows')],
    async processorMs() {
      const own = await processorTime(groups)
      return own === undefined ? undefined : own + (await redisProcessorMs(redis))
    },
    memoryBytes: async () => ((await residentBytes(groups)) ?? Number.NaN) + (await usedMemory(redis)),
    total: () => readTotal(redis, env, kind),
    stop,
  }
}

async function readTotal(redis: RedisClient, env: string, kind: TableKind): Promise<number> {
  const [table] = getPlan(kind).tables
  if (table === undefined) throw new Error('the plan has no table')
  let total = 0
  const topic = names.topicSize('view-rows', env)
  const states = storedStates<GroupState, never>(new StateInspection(redis), VIEWS, topic)
  for await (const { entity, state } of states) {
    const group = JSON.parse(parseEntity(entity).subject ?? '[]')
    for (const row of rowsOfGroup(table, group, state)) total += Number(row.values.readings)
  }
  return total
}
