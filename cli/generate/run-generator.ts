/** Runs the generator of `sluice generate`, and shows its progress. */

import type { Serialization } from '#runtime/consumer'
import { ProducerConnection } from '#runtime/operating/kafka'
import { type ProducerMetrics, TelemetryProducer } from '#runtime/producer'
import { chooseProfile, type ProfileName } from '#runtime/settings'
import type { Config } from '../../control/environment/config.ts'
import { createMissingTopic } from '../../control/operations/change-topics.ts'
import type { ChangedEnvironment } from '../../control/operations/operation.ts'
import { requireOwnTopic, resolveTopic } from '../../control/operations/state-keys.ts'
import type { ReadingTimes } from '../../control/recordings/generate/due-batches.ts'
import {
  createKafkaSink,
  type Generated,
  generateReadings,
  openFileSink,
  type ReadingSink,
} from '../../control/recordings/generate/generate.ts'
import { count as counted } from '../../lib/support/count.ts'
import { durationText } from '../../lib/support/duration.ts'
import { formatSize } from '../../lib/support/size-text.ts'
import type { GeneratorSettings } from '../../lib/telemetry/simulator/index.ts'
import { CliFailure } from '../failure.ts'
import { resolveOperator } from '../operator.ts'
import { createWriter } from '../options/serialization.ts'
import { showLine } from '../output/progress.ts'
import { withEnvironment } from '../servers/environment.ts'
import { requireTopic } from '../servers/topics.ts'
import { resolvePath, type Terminal } from '../terminal.ts'

export interface GeneratorRun {
  readonly settings: GeneratorSettings
  readonly pace: ReadingTimes
  readonly count?: number
  readonly durationMs?: number | undefined
  readonly kafka: boolean
  readonly kafkaTopic?: string
  readonly createTopic: boolean
  readonly output?: string
  readonly serialization?: Serialization
  readonly profile?: ProfileName
  readonly json: boolean
  readonly quiet: boolean
}

/** Delivery settings without a practical limit, so that the command waits for an unavailable broker as long as it runs. */
const PATIENT = { retries: 2_147_483_647, deliveryTimeoutMs: 2_147_483_647 } as const

/** Summary of a run. */
interface Summary
  extends Pick<Generated, 'readings'>,
    Partial<Pick<ProducerMetrics, 'bytes_sent' | 'latency_ms'>> {
  readonly seconds: number
  readonly seed: string
  readonly acknowledged?: number
  readonly errors?: number
  readonly unacknowledged?: number
}

/**
 * Runs the generator.
 *
 * @throws CliFailure if a reading was not acknowledged, a file cannot be written, or Kafka does not answer at the start
 */
export async function runGenerator(run: GeneratorRun, config: Config, terminal: Terminal): Promise<void> {
  if (!run.kafka) return generateToSinks(run, config, terminal, [])
  const generate = async (environment: ChangedEnvironment) => {
    const topic = await ensureTopic(run, environment, terminal)
    const writer = await createWriter(config, run.serialization)
    const { connections } = environment
    const producer = new TelemetryProducer(
      {
        // These values are not used, because the command provides the connection below.
        kafka: { brokers: [], auth: 'none' },
        topic,
        mode: config.contentMode,
        writer,
        warn: line => terminal.stderr.write(`${line}\n`),
        // Failures are counted by the metrics of the producer and reported in the summary.
        onDelivery: () => {},
        ...PATIENT,
        ...chooseProfile(run.profile ?? config.profile, config),
        ...config.producer,
      },
      { brokers: new ProducerConnection(() => connections.kafka()) },
    )
    terminal.stderr.write(`Connected to Kafka broker, topic: ${topic}\n`)
    await connections.writing(() =>
      generateToSinks(run, config, terminal, [createKafkaSink(producer, terminal.stop)], () =>
        producer.metrics(),
      ),
    )
  }
  await withEnvironment(config, generate, false)
}

/**
 * Returns the name of the topic. The topic is created if it is missing.
 *
 * @throws Failure
 */
async function ensureTopic(
  run: GeneratorRun,
  environment: ChangedEnvironment,
  terminal: Terminal,
): Promise<string> {
  const { kafkaTopic = 'readings' } = run
  const { config } = environment
  const topic = resolveTopic({ topic: kafkaTopic }, config)
  const isThere = (await environment.topics()).some(layout => layout.topic === topic)
  if (isThere || !run.createTopic) return (await requireTopic(environment, topic)).topic
  await createMissingTopic(environment, requireOwnTopic({ topic }, config), await resolveOperator(config))
  terminal.stderr.write(`Created topic: ${topic}\n`)
  return topic
}

async function generateToSinks(
  run: GeneratorRun,
  { families }: Pick<Config, 'families'>,
  terminal: Terminal,
  sinks: readonly ReadingSink[],
  metrics?: () => ProducerMetrics,
): Promise<void> {
  const { settings, output } = run
  const file =
    output === undefined || output === '-' ? undefined : { path: resolvePath(terminal, output), name: output }
  const all = output === undefined ? sinks : [...sinks, await openFileSink(file, terminal.stdout)]
  const sensors = counted(settings.fleet.length, 'sensor')
  terminal.stderr.write(`Starting generator: ${sensors}, ${formatRhythm(run)}\n`)
  const options = { ...run, families, signal: terminal.stop }
  const counts: Generated = { readings: 0 }
  const startMs = Date.now()
  const measureElapsedMs = () => Date.now() - startMs
  const hide = run.quiet
    ? () => {}
    : showLine(terminal, () => formatProgress(counts, measureElapsedMs(), metrics?.()))
  let left = 0
  try {
    await generateReadings(options, all, counts)
  } finally {
    try {
      for (const sink of all) left += await sink.close()
    } finally {
      hide()
    }
  }
  const delivery = metrics?.()
  // The producer's errors include the readings that it discards at the end.
  const errors = Math.max(0, (delivery?.errors ?? 0) - left)
  const summary: Summary = {
    ...{ readings: counts.readings, seconds: measureElapsedMs() / 1000, seed: settings.seed },
    ...(delivery && {
      acknowledged: delivery.messages_sent,
      errors,
      unacknowledged: left,
      bytes_sent: delivery.bytes_sent,
      latency_ms: delivery.latency_ms,
    }),
  }
  if (run.json) terminal.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
  else terminal.stderr.write(formatSummary(summary))
  const lost = left + errors
  if (lost > 0)
    throw new CliFailure(`${counted(lost, 'reading')} of ${counts.readings} were not acknowledged.`)
}

function formatRhythm({ settings: { tickSeconds }, pace }: GeneratorRun): string {
  if (pace.kind !== 'rate')
    return `${tickSeconds.toFixed(Number.isInteger(tickSeconds * 10) ? 1 : 3)}s interval`
  return Number.isFinite(pace.perSecond) ? `${pace.perSecond} readings/s` : 'as fast as possible'
}

function formatProgress(
  { readings }: Generated,
  elapsedMs: number,
  metrics: ProducerMetrics | undefined,
): string {
  const rate = `${Math.round((readings * 1000) / Math.max(1, elapsedMs))}/s`
  const readingsText = `${durationText(elapsedMs)} | ${counted(readings, 'reading')}, ${rate}`
  if (metrics === undefined) return readingsText
  const { messages_sent, errors, retries, bytes_sent, latency_ms } = metrics
  const waiting = readings - messages_sent - errors
  return (
    `${readingsText} | ${messages_sent} acknowledged, ${waiting} pending | ` +
    `${counted(errors, 'error')}${retries > 0 ? `, ${retries} retries` : ''} | ${formatSize(bytes_sent)}, p99 ${latency_ms.p99} ms`
  )
}

function formatSummary(summary: Summary): string {
  const { readings, seconds, seed, acknowledged, errors = 0, bytes_sent = 0, latency_ms } = summary
  const rate = Math.round(readings / Math.max(0.001, seconds))
  const lines = [
    `Generated ${counted(readings, 'reading')} in ${durationText(seconds * 1000)}, ${rate}/s (--seed ${seed})`,
  ]
  if (acknowledged !== undefined)
    lines.push(
      `Kafka: ${acknowledged} acknowledged, ${counted(errors, 'error')}, ${formatSize(bytes_sent)}, ` +
        `latency ${latency_ms?.p50} ms (p50), ${latency_ms?.p99} ms (p99)`,
    )
  return `${lines.join('\n')}\n`
}
