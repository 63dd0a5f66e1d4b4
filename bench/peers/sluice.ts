import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseEntity } from '#runtime/consumer'
import { RedisClient } from '#runtime/operating/redis'
import { StateInspection } from '#runtime/operating/states'
import { ENTITIES } from '../../control/tables/entity-statistics.ts'
import { storedStates } from '../../control/tables/table.ts'
import { Notes } from '../kit/notes.ts'
import { offlineProgram } from '../kit/offline-project.ts'
import { processorTime, redisProcessorMs, residentBytes } from '../kit/processes.ts'
import { usedMemory } from '../kit/used-memory.ts'
import { names } from '../kit/vocabulary.ts'
import type { Note } from './noting.ts'
import { type SensorState, type Side, toSensorState } from './side.ts'

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
  const file = join(folder, 'notes.ndjson')
  const notes = new Notes<Note>(file)
  const launch = async () => {
    // Each start has a project of its own, inside the folder.
    await mkdir(folder, { recursive: true })
    const program = await offlineProgram({
      ...{ folder: await mkdtemp(join(folder, 'project-')), env, broker, redisUrl },
      environment: { BENCH_NOTES: file, ...options.environment },
      functions: { processor: { handler: 'handler.handler', timeout: 30, topic: 'readings' } },
      links: { processor: dirname(handler) },
      files: { 'handler.js': await readFile(join(import.meta.dirname, 'sluice-handler.js'), 'utf8') },
    })
    let isOver = false
    void program.ended.then(() => {
      isOver = true
    })
    return { program, isOver: () => isOver }
  }
  let running = await launch()
  const redis = new RedisClient({ url: redisUrl })
  const end = async (signal: NodeJS.Signals) => {
    running.program.signal(signal)
    await running.program.ended
  }
  const stop = async () => {
    redis.close()
    await end('SIGTERM')
  }
  try {
    await running.program.says(/^msk {2}ready: /m)
    return {
      notes: () => notes.read(),
      states: () => readStates(redis, env),
      processorMs: async () => {
        const own = await processorTime([running.program.pid ?? 0])
        return own === undefined ? undefined : own + (await redisProcessorMs(redis))
      },
      memoryBytes: async () =>
        ((await residentBytes([running.program.pid ?? 0])) ?? Number.NaN) + (await usedMemory(redis)),
      failed: () => (running.isOver() ? running.program.output : undefined),
      kill: () => end('SIGKILL'),
      async resume() {
        running = await launch()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readStates(redis: RedisClient, env: string): Promise<ReadonlyMap<string, SensorState>> {
  const found = new Map<string, SensorState>()
  const topic = names.topicSize('readings', env)
  for await (const { entity, state } of storedStates(new StateInspection(redis), ENTITIES, topic))
    found.set(parseEntity(entity).subject ?? '', toSensorState(state))
  return found
}
