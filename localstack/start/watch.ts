import { setTimeout as pause } from 'node:timers/promises'
import { kafkaClient } from '#runtime/adapters/kafka/client.ts'
import { TopicOffsets } from '#runtime/adapters/kafka/offsets.ts'
import { tail } from '#runtime/adapters/kafka/tail.ts'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { StateInspection } from '#runtime/adapters/redis/inspection.ts'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import { plainRecords } from '#runtime/pipeline/decoding/plain-records.ts'
import type { Alert } from '../../lib/alerting/alert.ts'
import { PIPELINE_DOWN } from '../../lib/alerting/pipeline-down.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { REGISTRY, readSettings } from '../../lib/app/settings/index.ts'
import { resolveSignals, topicName } from '../../lib/app/topics.ts'
import type { WatchedLag } from '../../lib/diagnosis/stalls.ts'
import { readAlert } from '../../lib/queries/alerts/alerts-topic.ts'
import { countPendingBefore, readConsumerLags } from '../../lib/queries/kafka/lag.ts'
import { readTopicBounds } from '../../lib/queries/kafka/topics.ts'
import { readOutcomes } from '../../lib/queries/states/outcomes.ts'
import { ENTITIES } from '../../lib/tables/entity-statistics.ts'
import { listStateKeys } from '../../lib/tables/table.ts'
import type { Services } from '../start-services.ts'
import { Problems, readReport } from './problems.ts'
import { alertLine, type Screen } from './screen.ts'

/** Shows the flow of an environment on the screen, and the problems of the functions. */
export interface Watch {
  /** Updates the live line. */
  refresh(): Promise<void>
  /** Handles a line of the functions' log. */
  handleLogLine(line: string): void
  /** Handles a line of the trigger's reports. */
  handleReportLine(line: string): void
  /** Runs a scheduled function for `npm start`. Resolves when the run has ended, successfully or not. */
  run(name: string, invoke: () => Promise<void>): Promise<void>
  /**
   * Waits until no records are pending, and prints the final figures. Returns the unresolved problems.
   *
   * @param signal aborting this signal ends the wait
   */
  finish(signal: AbortSignal): Promise<string[]>
  stop(): Promise<void>
}

/** Interval between two samples of the figures, in milliseconds. */
export const LOOK_EVERY_MS = 1_000
/** Time after which the wait at the end is given up if no record is processed, in milliseconds. */
const WITHOUT_PROGRESS_MS = 60_000
/**
 * Number of rounds of the wait at the end. Each round waits for the records that are in the topics at its beginning, since functions
 * have emitted records meanwhile. After the first round, functions with a longer batching window are left out: the ticks of a minute
 * always wait for them.
 */
const ROUNDS = 4
const SHORT_WINDOW_MS = 5_000

interface WatchOptions {
  /** True if readings are simulated. In that case, a run that has applied no readings has failed. */
  readonly expectsReadings: boolean
}

/** Starts to watch the flow. Counters are counted from this moment on. */
export async function watchFlow(
  services: Services,
  env: string,
  screen: Screen,
  { expectsReadings }: WatchOptions,
): Promise<Watch> {
  const kafka = kafkaClient({ brokers: services.brokers, clientId: 'sluice-start', auth: 'none' })
  const redis = new RedisClient({ url: services.redisUrl })
  const inspection = new StateInspection(redis)
  const offsets = new TopicOffsets(kafka)
  const reader = dataReader(readSettings([REGISTRY]))
  const problems = new Problems(line => screen.line(line))
  const alerts = { fired: 0, resolved: 0 }
  /** Topics that the functions read, by function and topic. */
  const consumers = new Map<string, Pick<WatchedLag, 'function' | 'topic' | 'group' | 'windowMs'>>()
  const knownOutages = new Set<string>()
  let unreachable: string | undefined
  let figures: { readonly applied: number; readonly failed: number } | undefined
  let lags: readonly WatchedLag[] = []

  /** Returns the outcomes of the readings in the processor. */
  async function countOutcomes() {
    const sizes = resolveSignals(['readings']).map(async signal => {
      const topic = topicName(signal, env)
      return { topic, partitions: (await readTopicBounds(offsets, topic)).length }
    })
    return readOutcomes(
      inspection,
      (await Promise.all(sizes)).flatMap(size => listStateKeys(ENTITIES.process.name, size)),
    )
  }

  const before = await countOutcomes()
  let latest = Promise.resolve()
  const following = await tail(kafka, [topicName('alerts', env)], record => {
    latest = latest.then(async () => {
      try {
        for (const plain of await plainRecords([record], reader)) show(plain)
      } catch (error) {
        screen.line(`✗ an alert cannot be shown: ${(error as Error).message}`)
      }
    })
  })
  void following.lost.then(({ message }) =>
    screen.line(`✗ alerts are no longer shown, because their topic cannot be read: ${message}`),
  )

  /** Shows an alert. @param record record with decoded data */
  function show(record: LogRecord): void {
    const found = readAlert(record)
    if (!found || isRepeated(found.alert)) return
    if (found.alert.status === 'firing') alerts.fired++
    else alerts.resolved++
    screen.line(alertLine(found.alert, found))
  }

  /** Returns true if an alert only repeats a known outage of the pipeline, because every partition reports the outage. */
  function isRepeated({ rule, status, alertId }: Alert): boolean {
    if (rule !== PIPELINE_DOWN) return false
    const isKnown = knownOutages.has(`${status} ${alertId}`)
    knownOutages.add(`${status} ${alertId}`)
    return isKnown
  }

  const findMaxPending = () => Math.max(0, ...lags.map(getPending))
  const figuresLine = () =>
    `applied ${figures?.applied ?? 0} · failed ${figures?.failed ?? 0} · ` +
    `alerts ${alerts.fired} fired, ${alerts.resolved} resolved · pending ${findMaxPending()}`

  /** Updates the figures. Returns false if a server does not answer. */
  async function refresh(): Promise<boolean> {
    try {
      const [now, found] = await Promise.all([
        countOutcomes(),
        readConsumerLags(offsets, [...consumers.values()]),
      ])
      figures = { applied: now.applied - before.applied, failed: now.failed - before.failed }
      lags = found
    } catch (error) {
      const { message } = error as Error
      if (unreachable === undefined) screen.line(`✗ ${message}. Everything continues when it answers.`)
      unreachable = message
      return false
    }
    if (unreachable !== undefined) screen.line('✓ all servers answer again')
    unreachable = undefined
    screen.live(figuresLine(), Date.now())
    return true
  }

  return {
    refresh: async () => void (await refresh()),
    handleLogLine: line => problems.handleLogLine(line),
    handleReportLine(line) {
      const report = readReport(line)
      if (report === undefined) return
      if (report.report === 'mapped') {
        const { function: name, topic, group, windowMs } = report
        consumers.set(toConsumerKey(report), { function: name, topic, group, windowMs })
      }
      problems.handleReport(report, Date.now())
    },
    async run(name, invoke) {
      const error = await invoke().then(
        () => undefined,
        (thrown: Error) => thrown.message,
      )
      problems.handleRun(name, error)
    },
    async finish(signal) {
      let countPending: typeof getPending = getPending
      for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
        await refresh()
        const goals = new Map(lags.map(lag => [toConsumerKey(lag), toEndOffsets(lag)]))
        countPending = lag => countPendingBefore(lag, goals.get(toConsumerKey(lag)) ?? [])
        const sumPending = () =>
          lags
            .filter(
              lag => !problems.isStalled(lag.function) && (round === 0 || lag.windowMs <= SHORT_WINDOW_MS),
            )
            .reduce((sum, lag) => sum + countPending(lag), 0)
        let fewest = sumPending()
        for (
          let sinceMs = Date.now();
          fewest > 0 && Date.now() - sinceMs < WITHOUT_PROGRESS_MS && !signal.aborted;
        ) {
          await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
          await refresh()
          if (sumPending() < fewest) sinceMs = Date.now()
          fewest = Math.min(fewest, sumPending())
        }
      }
      screen.endLive()
      screen.line(`\n${figuresLine()}`)
      return [
        ...(unreachable === undefined ? [] : [unreachable]),
        ...(expectsReadings && !figures?.applied ? ['no readings were applied'] : []),
        ...problems.unresolvedProblems,
        ...lags
          .filter(
            lag =>
              countPending(lag) > 0 && lag.windowMs <= SHORT_WINDOW_MS && !problems.isStalled(lag.function),
          )
          .map(lag => `${lag.function} has not processed ${countPending(lag)} records of ${lag.topic}`),
      ]
    },
    async stop() {
      await Promise.allSettled([following.stop(), offsets.close()])
      redis.close()
    },
  }
}

function toConsumerKey({ function: name, topic }: Pick<WatchedLag, 'function' | 'topic'>): string {
  return `${name}|${topic}`
}

function getPending({ pending }: WatchedLag): number {
  return pending
}

/** Returns the end offsets by partition. */
function toEndOffsets({ partitions }: WatchedLag): number[] {
  const ends: number[] = []
  for (const { partition, end } of partitions) ends[partition] = end
  return ends
}
