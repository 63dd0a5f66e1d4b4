import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createTopic } from '@sluice/test-kit/create-topic'
import { runProgram } from '@sluice/test-kit/program'
import kafkajs from 'kafkajs'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { listConsumers } from '../../control/environment/functions.ts'
import { PROJECT } from '../../scripts/paths.ts'
import type { Servers } from '../kit/servers.ts'
import { FIRST_RECORD } from './first-record.ts'

/** The start of a function, in milliseconds. */
export interface Start {
  /** Time from the start of the process until the handler can be called. */
  readonly loadedMs: number
  /** Time from the start of the process until the first record is processed; only for Kafka consumers and the empty function. */
  readonly firstMs?: number
  /** How long the first invocation takes if it comes some time after the function was loaded. */
  readonly laterMs?: number
}

/** The times that `first.js` prints. */
interface PrintedTimes {
  readonly loadedMs: number
  readonly firstMs: number
  readonly invocationMs: number
}

const FIRST = join(import.meta.dirname, 'first.js')
const CONSUMERS = listConsumers(readFunctions())

/** Creates the topic of the first record, with that record. */
export async function createStartTopic({ broker }: Servers): Promise<void> {
  const { topic, timestamp, headers, value } = FIRST_RECORD
  const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING })
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  await createTopic(admin, { topic, numPartitions: 1 })
  await producer.send({ topic, messages: [{ value, headers, timestamp: String(timestamp) }] })
  await Promise.all([admin.disconnect(), producer.disconnect()])
}

/** Starts a function in its own process, as Lambda does. A Kafka consumer is started twice, once for `laterMs`. */
export async function startFunction(name: string, file: string, servers: Servers): Promise<Start> {
  if (name !== 'empty' && !CONSUMERS.includes(name))
    return { loadedMs: (await readTimes('none', name, file, servers)).loadedMs }
  const { loadedMs, firstMs } = await readTimes('at once', name, file, servers)
  const { invocationMs } = await readTimes('later', name, file, servers)
  return { loadedMs, firstMs, laterMs: invocationMs }
}

/** @param when when the first record comes */
async function readTimes(
  when: 'none' | 'at once' | 'later',
  name: string,
  file: string,
  { broker, redisUrl }: Servers,
): Promise<PrintedTimes> {
  const { code, stdout, output } = await runProgram(FIRST, [file, when, JSON.stringify(FIRST_RECORD)], {
    cwd: PROJECT,
    env: {
      KAFKA_BROKERS: broker,
      REDIS_URL: redisUrl,
      // Lambda has none: with the one of this project's programs, a start takes a fifth less.
      NODE_COMPILE_CACHE: undefined,
      // A new environment, so that partition states are new.
      SLUICE_ENV: randomUUID().slice(0, 8),
      LOG_LEVEL: 'WARN',
      POWERTOOLS_METRICS_DISABLED: 'true',
      AWS_LAMBDA_FUNCTION_NAME: name,
      REPORT_BATCH_ITEM_FAILURES: 'true',
      // Topic of a sink, which sends no message for a reading.
      ALERTS_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:bench',
      // Bucket of the archiver, which writes no object for one record.
      HISTORY_BUCKET: 'bench-history',
    },
  })
  const times = /^start (.+)$/m.exec(stdout)?.[1]
  if (code !== 0 || !times) throw new Error(`${name} did not start:\n${output}`)
  return JSON.parse(times)
}
