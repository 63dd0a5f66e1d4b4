/** Compares the state of a consumer with the state that results from its log. */

import { readConfig } from '../../lib/app/config.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import { topicName } from '../../lib/app/topics.ts'
import { OperationFailure } from '../../lib/operations/failure.ts'
import { nameOf } from '../../lib/operations/state-keys.ts'
import { emittedRanges } from '../../lib/queries/emitted-ranges.ts'
import { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { Recovery } from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { beginningOf } from '../../packages/runtime/pipeline/verifying/beginning.ts'
import { type PartitionToVerify, verify } from '../../packages/runtime/pipeline/verifying/verify.ts'
import { environmentOf, withRedis } from '../connections.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import { signalOf } from '../reprocess/consumer.ts'
import { progressText } from '../reprocess/text.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { metricLine, type VerifyReport, verifiedText } from './text.ts'
import { type Rereader, rereader, rereadingFailure } from './work.ts'

export interface VerifyOptions {
  readonly since: number
  readonly fromStart: boolean
  readonly topic?: string
  readonly partition?: number
  readonly all: boolean
  readonly metric: boolean
  readonly json: boolean
  readonly env?: string
}

/**
 * Compares a consumer with its log.
 *
 * @throws CliFailure with status 1 if there are differences, and with status 3 if the consumer cannot be compared
 * @throws ConfigError
 */
export async function verifyConsumer(
  name: string,
  options: VerifyOptions,
  terminal: Terminal,
): Promise<void> {
  const { json, metric, all } = options
  if (json && metric)
    throw usageFailure('--json and --metric both print to standard output: use only one of them.')
  const report = await reported(name, options, terminal).catch(error => {
    const failure = rereadingFailure(error, terminal)
    if (!(failure instanceof OperationFailure) || failure.isUsage) throw failure
    throw new CliFailure(failure.message, 3, { cause: error })
  })
  const { stdout, stderr } = terminal
  if (metric) stdout.write(metricLine(report, Date.now()))
  const text = (shown: VerifyReport, columns: number | undefined) => verifiedText(shown, all, columns)
  printReport(metric ? { ...terminal, stdout: stderr } : terminal, report, json, text)
  const { differences, uncompared, excepted } = report
  if (differences.length > 0) throw new CliFailure(`${name} differs from its log.`, 1)
  const doubts = (excepted['other-code'] ?? 0) + (excepted.replaced ?? 0) + (excepted.expired ?? 0)
  if (uncompared.length > 0 || doubts > 0) throw new CliFailure('The comparison is incomplete.', 3)
}

async function reported(name: string, options: VerifyOptions, terminal: Terminal): Promise<VerifyReport> {
  const environment = environmentOf(terminal, options.env)
  const config = readConfig(environment)
  const topic = topicName(signalOf(name, options.topic), config.env)
  const { partition } = options
  return withRedis(config, async (client, connections) => {
    const asked = { consumer: name, topic, ...(partition === undefined ? {} : { partition }) }
    const found = await rereader({ client, connections }, asked, environment, terminal)
    const chosen = await chosenOf(found, await connections.recovery(), options)
    if (chosen.partitions.length === 0)
      throw new CliFailure(
        `No partition of ${name} can be compared: ${topic} no longer has the start of its log, and there is no checkpoint from which to continue.`,
      )
    const progress = {
      decided: 0,
      total: chosen.records,
      switched: 0,
      partitions: chosen.partitions.length,
      beganMs: Date.now(),
    }
    const seen = (records: number) => {
      progress.decided += records
    }
    const offsets = new TopicOffsets(await connections.kafka())
    const hide = showLine(terminal, () => progressText(progress, Date.now(), true))
    try {
      const verified = await verify({ ...found.work, seen }, chosen.partitions, {
        own: partition === undefined ? ownTopics(name, config.env) : [],
        ranges: (topics, sinceMs) => emittedRanges(offsets, topics, sinceMs),
      })
      return { env: config.env, consumer: name, topic, ...verified, uncompared: chosen.uncompared }
    } finally {
      hide()
      await offsets.close().catch(() => {})
    }
  })
}

async function chosenOf(
  { partitions: live, reach }: Rereader,
  recovery: Recovery | undefined,
  { since, fromStart }: VerifyOptions,
) {
  const partitions: PartitionToVerify[] = []
  const uncompared: string[] = []
  let records = 0
  for (const { state: stateKey, facts } of live) {
    const kept = fromStart ? [] : ((await recovery?.checkpoints.list(stateKey)) ?? [])
    const logStart = reach.bounds[stateKey.partition]?.start ?? 0
    const beginning = beginningOf(facts, kept, { sinceMs: fromStart ? undefined : since, logStart })
    if (!beginning) {
      uncompared.push(nameOf(stateKey))
      continue
    }
    const { checkpoint, offset } = beginning
    const pages = checkpoint && recovery?.checkpoints.read(stateKey, checkpoint)
    partitions.push({ stateKey, beginning, ...(pages ? { pages } : {}) })
    records += facts.version.appliedOffset + 1 - offset
  }
  return { partitions, uncompared, records }
}

/** Returns the topics to which only this consumer writes. Redriven records are ignored, because they repeat earlier records. */
function ownTopics(name: string, env: string): string[] {
  const functions = readFunctions()
  const others = functions.filter(
    one => one.name !== name && one.consumes.length > 0 && one.name !== 'dlq-router',
  )
  const shared = new Set(others.flatMap(({ emits }) => emits))
  const own = functions.find(one => one.name === name)?.emits ?? []
  return own.filter(signal => !shared.has(signal)).map(signal => topicName(signal, env))
}
