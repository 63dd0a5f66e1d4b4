/** `npm start` as a person runs it, under a name of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { topicName } from '../../lib/app/topics.ts'
import { consumerLags } from '../../lib/queries/lag.ts'
import { freePorts, LOOPBACK } from '../../localstack/services/ports.ts'
import { consumersOf } from '../../localstack/smoke/consumers.ts'
import { type FlowFigures, flowFigures } from '../../localstack/start/figures.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../packages/runtime/adapters/kafka/log-reader.ts'
import { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { PROJECT } from '../../programs/paths.ts'
import { runningStack } from '../../programs/stack.ts'

const ENV = 'local'
const READY_WITHIN_MS = 5 * 60_000
const ASK_EVERY_MS = 50

export interface Started {
  /** The number of the npm process, from which all others descend. */
  readonly pid: number
  /** Milliseconds from the command until every function reads Kafka, and until a reading was applied. */
  readonly readyMs: number
  readonly flowingMs: number
  /** Resolves when all consumers of readings have processed what is in the topic now. */
  untilProcessed(signal: AbortSignal): Promise<void>
  stop(): Promise<void>
}

/**
 * @param logFile receives the output
 * @throws Error with the end of the output if it ends, or if no reading is applied in five minutes
 */
export async function started(
  name: string,
  args: readonly string[],
  logFile: string,
  signal: AbortSignal,
): Promise<Started> {
  const [kafka = 0, valkey = 0] = await freePorts(2)
  const log = openSync(logFile, 'w')
  const beganAtMs = performance.now()
  const npm = spawn('npm', ['start', '--', '--name', name, ...args], {
    cwd: PROJECT,
    stdio: ['ignore', log, log],
    env: { ...process.env, KAFKA_PORT: String(kafka), REDIS_PORT: String(valkey) },
  })
  const ended = once(npm, 'exit')
  const stop = async () => {
    // The program itself, because npm does not wait for what it starts.
    const pid = runningStack(name)?.pid
    if (pid === undefined) npm.kill('SIGTERM')
    else process.kill(pid, 'SIGINT')
    await ended
  }
  const until = async (holds: () => Promise<boolean>) => {
    const giveUpAtMs = performance.now() + READY_WITHIN_MS
    while (!(await holds())) {
      signal.throwIfAborted()
      if (npm.exitCode !== null || performance.now() > giveUpAtMs)
        throw new Error(`npm start did not get so far:\n${(await readFile(logFile, 'utf8')).slice(-2_000)}`)
      await pause(ASK_EVERY_MS)
    }
    return performance.now() - beganAtMs
  }
  try {
    const client = kafkaClient({ brokers: [`${LOOPBACK}:${kafka}`], clientId: 'bench-local', auth: 'none' })
    const redis = new RedisClient({ url: `redis://${LOOPBACK}:${valkey}` })
    const offsets = new TopicOffsets(client)
    // Data of an earlier start does not count. The servers answer long before the functions run.
    let figures: FlowFigures | undefined
    await until(async () => {
      const sources = { offsets, stateKeys: new StateInspection(redis), log: new KafkaLogReader(client) }
      figures = await flowFigures(sources, ENV).catch(() => undefined)
      return figures !== undefined
    })
    const [readyMs, flowingMs] = await Promise.all([
      until(async () => runningStack(name)?.state === 'ready'),
      until(async () => ((await figures?.read())?.applied ?? 0) > 0),
    ])
    return {
      pid: npm.pid as number,
      readyMs,
      flowingMs,
      async untilProcessed(ofWait) {
        const ends = (await offsets.bounds(topicName('readings', ENV))).map(({ end }) => end)
        const consumers = consumersOf('readings', ENV)
        for (;;) {
          const lags = await consumerLags(offsets, consumers)
          const isBehind = lags.some(({ partitions }) =>
            partitions.some(({ partition, next }) => next < (ends[partition] ?? 0)),
          )
          if (!isBehind) return
          await pause(ASK_EVERY_MS * 5, undefined, { signal: ofWait })
        }
      },
      async stop() {
        redis.close()
        await offsets.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}
