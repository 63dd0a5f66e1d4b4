import { availableParallelism, loadavg } from 'node:os'
import { relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { groupProcessorMs } from '#local-servers/progress'
import { type Kafka, KafkaLogReader, kafkaClient, TopicOffsets } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { StateInspection } from '#runtime/operating/states'
import { CLOCK_ADVICE, describeClocks } from '../../control/diagnosis/clocks.ts'
import type { WatchedLag } from '../../control/diagnosis/stalls.ts'
import { readPartitionRules } from '../../control/queries/alerts/activated-rules.ts'
import { countPendingBefore, readConsumerLags } from '../../control/queries/kafka/consumer-lag.ts'
import {
  listKeyedReadings,
  listTimedReadings,
  readNewest,
} from '../../control/queries/records/unknown-types.ts'
import { type Outcomes, readOutcomes } from '../../control/queries/states/outcomes.ts'
import { describeNotInForce, type NotInForce } from '../../control/questions/not-in-force.ts'
import { ENTITIES } from '../../control/tables/entity-statistics.ts'
import { listStateKeys } from '../../control/tables/table.ts'
import type { AnyRule } from '../../lib/alerting/index.ts'
import type { Named } from '../../lib/app/naming/names.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import type {
  CombinedParts,
  FAMILIES,
  INPUTS,
  NAMES,
  ONE_MACHINE,
  REGISTRY,
} from '../../lib/app/settings/index.ts'
import { describeMergedKeys, MERGED_READINGS_ADVICE } from '../../lib/intake/merged-keys.ts'
import { readTopicBounds } from '../../lib/log/topic-bounds.ts'
import { computeSum, count } from '../../lib/support/count.ts'
import { MINUTE_MS } from '../../lib/support/duration.ts'
import { escapeText } from '../../lib/support/escape-text.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import type { Report } from '../../packages/msk-trigger/report/reports.ts'
import { functionLogsDir } from '../../scripts/log-paths.ts'
import { PROJECT } from '../../scripts/paths.ts'
import type { Services } from '../start-services.ts'
import { AlertFeed } from './alert-feed.ts'
import type { StartedConsole } from './console.ts'
import { describeHolder, type Machine } from './holder.ts'
import { Problems } from './problems.ts'
import type { Screen } from './screen.ts'

/** Interval between two samples of the figures, in milliseconds. */
export const LOOK_EVERY_MS = 1_000
const LOOK_AT_ENTITIES_MS = 15_000
/** Time after which the wait at the end is given up if no record is processed, in milliseconds. */
const WITHOUT_PROGRESS_MS = 60_000
/**
 * Number of rounds of the wait at the end. Each round waits for the records that are in the topics at its beginning, since functions
 * have emitted records meanwhile. After the first round, functions with a longer batching window are left out: the ticks of a minute
 * always wait for them.
 */
const ROUNDS = 4
const SHORT_WINDOW_MS = 5_000

type WatchedTopic = Pick<WatchedLag, 'function' | 'topic' | 'group' | 'windowMs'>

/** Environment, and the settings that decide what is watched. */
export type WatchConfig = Pick<Named, 'env'> &
  CombinedParts<readonly [typeof FAMILIES, typeof NAMES, typeof INPUTS, typeof ONE_MACHINE, typeof REGISTRY]>

/** Shows the flow of an environment on the screen, and the problems of the functions. Counters are counted from the start. */
export class FlowWatch {
  readonly #kafka: Kafka
  readonly #offsets: TopicOffsets
  readonly #log: KafkaLogReader
  readonly #redis: RedisClient
  #config: WatchConfig
  readonly #screen: Screen
  readonly #expectsReadings: boolean
  readonly #problems: Problems
  readonly #alerts: AlertFeed
  /** Topics that the functions read, by function and topic. */
  readonly #consumers = new Map<string, WatchedTopic>()
  #last: FlowCounts = { applied: 0, failed: 0, position: 0 }
  #figures: FlowCounts = { applied: 0, failed: 0, position: 0 }
  #lags: readonly WatchedLag[] = []
  /** Text about the rules that the first partition evaluates; undefined until the log has activated any. */
  #rules: string | undefined
  #unreachable: string | undefined
  /** Time from which on the entities of the newest readings are looked at. */
  #looksAtMs = 0
  /** Sum of the offsets that each consumer reads next, and since when, by function and topic. */
  readonly #progress = new Map<string, { readonly reached: number; readonly sinceMs: number }>()
  /** Processor time of the functions at the last look, and their cores since the one before. */
  #looked = { atMs: 0, processorMs: 0 }
  #machine: Machine | undefined
  #holderShownMs = 0
  /** Process of the functions; undefined before they are ready. */
  functionsPid: number | undefined
  /** Reads saved things that are not in force; absent without a console. */
  readNotInForce: StartedConsole['readNotInForce']
  /** Things that are not in force, and were shown. */
  #notInForce: ReadonlySet<string> = new Set()
  /** Advice that was shown. Each kind of problem is reported once. */
  readonly #shown = new Set<string>()

  /**
   * @param logsDir folder of the logs
   * @param expectsReadings true if readings are simulated. In that case, a run that has applied no readings has failed.
   */
  constructor(
    { brokers, redisUrl }: Services,
    config: WatchConfig,
    screen: Screen,
    logsDir: string,
    expectsReadings: boolean,
  ) {
    this.#kafka = kafkaClient({ brokers, clientId: 'sluice-start', auth: 'none' })
    this.#offsets = new TopicOffsets(this.#kafka)
    this.#log = new KafkaLogReader(this.#kafka)
    this.#redis = new RedisClient({ url: redisUrl })
    this.#config = config
    this.#screen = screen
    this.#expectsReadings = expectsReadings
    this.#problems = new Problems(line => screen.line(line), relative(PROJECT, functionLogsDir(logsDir)))
    this.#alerts = new AlertFeed(screen, config)
  }

  /** Uses families that were saved. */
  setFamilies(families: Families): void {
    this.#config = { ...this.#config, families }
    this.#alerts.families = families
  }

  async start(): Promise<this> {
    this.#last = await this.#countOutcomes()
    await this.#alerts.follow(this.#kafka, this.#topic('alerts'))
    return this
  }

  #topic(signal: Signal): string {
    return this.#config.names.topicName(signal, this.#config.env)
  }

  /** Returns the number of readings that the processor has applied, and of failures of all consumers. */
  async #countOutcomes(): Promise<FlowCounts> {
    const topic = this.#topic('readings')
    const [readings, failures] = await Promise.all([
      readTopicBounds(this.#offsets, topic),
      readTopicBounds(this.#offsets, this.#topic('failures')),
    ])
    const keys = listStateKeys(ENTITIES.process.name, { topic, partitions: readings.length })
    const { applied, position } = await readOutcomes(new StateInspection(this.#redis), keys)
    return { applied, failed: computeSum(failures.map(({ end }) => end)), position }
  }

  /** Updates the live line. */
  async refresh(): Promise<void> {
    try {
      const [now, rules, lags] = await Promise.all([
        this.#countOutcomes(),
        readPartitionRules(
          this.#config.families,
          new StateInspection(this.#redis),
          this.#topic('readings'),
          0,
        ),
        readConsumerLags(this.#offsets, [...this.#consumers.values()]),
      ])
      this.#figures = addIncrease(this.#figures, this.#last, now)
      this.#last = now
      if (rules) this.#showRules(rules)
      if (Date.now() >= this.#looksAtMs) await this.#showEntities()
      this.#lags = lags
      this.#showHolder(Date.now())
    } catch (error) {
      const message = (error as Error).message.replace(/\.$/, '')
      if (this.#unreachable === undefined)
        this.#screen.line(`✗ ${message}. Everything continues when it answers.`)
      this.#unreachable = message
      return
    }
    if (this.#unreachable !== undefined) this.#screen.line('✓ all servers answer again')
    this.#unreachable = undefined
    this.#screen.live(this.#formatFigures(), Date.now())
  }

  async #showEntities(): Promise<void> {
    this.#looksAtMs = Date.now() + LOOK_AT_ENTITIES_MS
    const topic = this.#topic('readings')
    const bounds = await readTopicBounds(this.#offsets, topic)
    const newest = await readNewest(this.#log, topic, bounds)
    const { families } = this.#config
    this.#showOnce(describeMergedKeys(listKeyedReadings(families, newest)), MERGED_READINGS_ADVICE)
    this.#showOnce(describeClocks(listTimedReadings(families, newest), Date.now()), CLOCK_ADVICE)
    await this.#showNotInForce(Date.now())
  }

  /** Names saved things that have not come into force soon. Refused files have a line of their own. */
  async #showNotInForce(nowMs: number): Promise<void> {
    const toKey = ({ name, reason }: NotInForce) => `${name} ${reason}`
    const things = ((await this.readNotInForce?.()) ?? []).filter(
      ({ kind, reason, sinceMs }) =>
        ['rule', 'table', 'silence'].includes(kind) &&
        !reason.startsWith('refused') &&
        nowMs - sinceMs >= LOOK_AT_ENTITIES_MS,
    )
    const news = things.filter(thing => !this.#notInForce.has(toKey(thing)))
    for (const line of describeNotInForce(news, nowMs)) this.#screen.line(`! ${line}`)
    this.#notInForce = new Set(things.map(toKey))
  }

  /** Names the consumer that holds pending records, at most once a minute. */
  #showHolder(nowMs: number): void {
    for (const lag of this.#lags) {
      const [key, reached] = [toConsumerKey(lag), computeSum(lag.partitions.map(({ next }) => next))]
      const last = this.#progress.get(key)
      if (last?.reached !== reached || lag.pending === 0) this.#progress.set(key, { reached, sinceMs: nowMs })
    }
    if (nowMs - this.#looked.atMs >= MINUTE_MS) this.#measure(nowMs)
    if (nowMs - this.#holderShownMs < MINUTE_MS) return
    const holders = this.#lags.map(lag => ({
      ...lag,
      ...this.#problems.findAttempt(lag.function, lag.topic),
      sinceMs: this.#progress.get(toConsumerKey(lag))?.sinceMs ?? nowMs,
    }))
    const line = describeHolder(holders, this.#machine, nowMs)
    if (line === undefined) return
    this.#holderShownMs = nowMs
    this.#screen.line(line)
  }

  #measure(atMs: number): void {
    const { functionsPid: pid } = this
    const [before, processorMs] = [this.#looked, pid === undefined ? 0 : groupProcessorMs(pid)]
    const cores = (processorMs - before.processorMs) / (atMs - before.atMs)
    const isKnown = before.processorMs > 0 && cores >= 0
    this.#machine = isKnown
      ? { cores, load: loadavg()[0] ?? 0, available: availableParallelism() }
      : undefined
    this.#looked = { atMs, processorMs }
  }

  #showOnce([line]: readonly string[], advice: string): void {
    if (line === undefined || this.#shown.has(advice)) return
    this.#shown.add(advice)
    this.#screen.line(`! ${escapeText(line)}. ${advice} \`sluice doctor\` lists all.`)
  }

  #showRules(rules: readonly Pick<AnyRule, 'paused'>[]): void {
    const paused = rules.filter(rule => rule.paused).length
    const text = `${count(rules.length - paused, 'rule')} active${paused > 0 ? `, ${paused} paused` : ''}`
    if (text !== this.#rules) this.#screen.line(text)
    this.#rules = text
  }

  #formatFigures(): string {
    const { applied, failed } = this.#figures
    const pending = Math.max(0, ...this.#lags.map(getPending))
    return `since start: readings ${applied} · failed ${failed} · ${this.#alerts.formatCounts()} · pending ${pending}`
  }

  /** Handles a line of the functions' log. */
  handleLogLine(line: string): void {
    this.#problems.handleLogLine(line)
  }

  /** Handles a report of the trigger; undefined for a line without one. */
  handleReport(report: Report | undefined): void {
    if (report === undefined) return
    if (report.report === 'mapped') {
      const { function: name, topic, group, windowMs } = report
      this.#consumers.set(toConsumerKey(report), { function: name, topic, group, windowMs })
    } else if (report.report === 'unmapped') this.#consumers.delete(toConsumerKey(report))
    this.#problems.handleReport(report, Date.now())
  }

  /** Runs a scheduled function for `npm start`. Resolves when the run has ended, successfully or not. */
  async run(name: string, invoke: () => Promise<void>): Promise<void> {
    const error = await invoke().then(
      () => undefined,
      (thrown: Error) => thrown.message,
    )
    this.#problems.handleRun(name, error)
  }

  /**
   * Waits until no records are pending, and prints the final figures. Returns the unresolved problems.
   *
   * @param signal aborting this signal ends the wait
   */
  async finish(signal: AbortSignal): Promise<string[]> {
    let countPending = getPending
    for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
      await this.refresh()
      const goals = new Map(this.#lags.map(lag => [toConsumerKey(lag), toEndOffsets(lag)]))
      countPending = lag => countPendingBefore(lag, goals.get(toConsumerKey(lag)) ?? [])
      await this.#waitWhileProcessing(
        () =>
          this.#lags
            .filter(lag => !this.#problems.isStalled(lag.function) && (round === 0 || hasShortWindow(lag)))
            .reduce((sum, lag) => sum + countPending(lag), 0),
        signal,
      )
    }
    this.#screen.endLive()
    this.#screen.line(`\n${[this.#formatFigures(), this.#rules ?? 'no rules active yet'].join(' · ')}`)
    const behind = this.#lags.filter(
      lag => countPending(lag) > 0 && hasShortWindow(lag) && !this.#problems.isStalled(lag.function),
    )
    return [
      ...(this.#unreachable === undefined ? [] : [this.#unreachable]),
      ...(this.#expectsReadings && this.#figures.applied === 0 ? ['no readings were applied'] : []),
      ...this.#problems.unresolvedProblems,
      ...behind.map(
        lag => `${lag.function} has not processed ${count(countPending(lag), 'record')} of ${lag.topic}`,
      ),
    ]
  }

  /** Waits until nothing is pending, or until the number of pending records no longer decreases. */
  async #waitWhileProcessing(sumPending: () => number, signal: AbortSignal): Promise<void> {
    let fewest = sumPending()
    let sinceMs = Date.now()
    while (fewest > 0 && Date.now() - sinceMs < WITHOUT_PROGRESS_MS && !signal.aborted) {
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
      await this.refresh()
      const pending = sumPending()
      if (pending < fewest) sinceMs = Date.now()
      fewest = Math.min(fewest, pending)
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#alerts.stop(), this.#offsets.close(), this.#log.close()])
    this.#redis.close()
  }
}

function toConsumerKey({ function: name, topic }: Pick<WatchedLag, 'function' | 'topic'>): string {
  return `${name}|${topic}`
}

function getPending({ pending }: WatchedLag): number {
  return pending
}

function hasShortWindow({ windowMs }: WatchedLag): boolean {
  return windowMs <= SHORT_WINDOW_MS
}

/** Returns the end offsets by partition. */
function toEndOffsets({ partitions }: WatchedLag): number[] {
  const ends: number[] = []
  for (const { partition, end } of partitions) ends[partition] = end
  return ends
}

/** Number of readings that the processor has applied, and of failures of all consumers. */
interface FlowCounts extends Pick<Outcomes, 'applied' | 'failed'> {
  /** Number of records up to the applied offsets; in the flow, the highest so far. */
  readonly position: number
}

/**
 * Returns counts with what their counters have gained since they were last read. A counter that has fallen was lost: records up to
 * the highest position are computed again, and do not count a second time.
 */
export function addIncrease(counts: FlowCounts, last: FlowCounts, now: FlowCounts): FlowCounts {
  const position = Math.max(counts.position, last.position, now.position)
  const isAgain = last.position < counts.position || now.applied < last.applied
  const most = isAgain ? position - counts.position : Number.POSITIVE_INFINITY
  return {
    applied: counts.applied + Math.min(most, Math.max(0, now.applied - last.applied)),
    failed: counts.failed + Math.max(0, now.failed - last.failed),
    position,
  }
}
