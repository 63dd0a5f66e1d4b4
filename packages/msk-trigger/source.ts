import type { Mapping } from './config/mappings.ts'
import type { Settings } from './config/settings.ts'
import type { Sender } from './deliver/destinations.ts'
import { Dispatcher } from './deliver/dispatcher.ts'
import type { Semaphore } from './deliver/semaphore.ts'
import type { FaultTarget } from './faults/fault-socket.ts'
import { type Fault, Faults } from './faults/faults.ts'
import type { PolledMessage } from './invoke/event.ts'
import type { EventContent } from './invoke/event-content.ts'
import type { Cluster } from './poll/cluster-client.ts'
import { makeIntake } from './poll/intake.ts'
import type { GroupMember, MemberListener } from './poll/member.ts'
import { ReadingOutage } from './poll/reading-outage.ts'
import { type StartOffsets, startOffsets } from './poll/start-offsets.ts'
import { TopicTracker } from './poll/topic-tracker.ts'
import type { TopicObserver, TopicState } from './poll/topic-watch.ts'
import { delayAfter, type Outage, shouldLog } from './report/attempts.ts'
import { isGroupTaken } from './report/explain-error.ts'
import { MappingReports, type WriteReport } from './report/reports.ts'
import type { Log } from './support/serverless.ts'
import { pause, within } from './support/wait.ts'

/** Time limit for leaving the group after the grace period, in milliseconds. If leaving takes longer, the broker is unavailable. */
const LEAVE_MS = 1_000

/**
 * Time limit for checking whether the topic is still the same, in milliseconds. Meanwhile, records wait and no heartbeat is sent.
 * The check may ask another broker.
 */
const IDENTITY_MS = 4_000

/** Backoff for finding the topic and for joining the group. */
const REJOIN = { retryDelayMs: 250, maxRetryDelayMs: 2_000 }

/** Attempts to find the topic before the start of the others no longer waits for it: about two seconds. */
const MISSING_ATTEMPTS = 4

/** `topic-missing`: the topic has been missing for some seconds. `group-taken`: another application is in the consumer group. */
type StartOutcome = 'joined' | 'topic-missing' | 'group-taken'

export interface SourceParts {
  readonly settings: Settings
  readonly log: Log
  readonly cluster: Omit<Cluster, 'close' | 'openTransactions'>
  readonly sender: Sender | undefined
  readonly report: WriteReport
  readonly outage: Outage
  readonly reserved: Semaphore
  invoke(event: EventContent, requestId: string, answerCounts: boolean): Promise<unknown>
  member(mapping: Mapping, listener: MemberListener): Pick<GroupMember, keyof GroupMember>
}

/**
 * A running event source mapping. A batch passes through these folders: `poll` (member, intake, queue of the partition, batching),
 * `deliver` (dispatcher, delivery) and `invoke` (instances, runtimes). `deliver` then handles the outcome (retries, destination)
 * and the commit.
 */
export class EventSource implements MemberListener, FaultTarget, TopicObserver {
  readonly #mapping: Mapping
  readonly #parts: SourceParts
  readonly #member: Pick<GroupMember, keyof GroupMember>
  readonly #dispatcher: Dispatcher
  readonly #ending = new AbortController()
  readonly #started = Promise.withResolvers<StartOutcome>()
  readonly #faults = new Faults()
  readonly #tracker: TopicTracker
  #nextReading = Promise.withResolvers<void>()
  /** Resolves when the group was joined for the first time and reading has started. */
  readonly joined: Promise<void> = this.#nextReading.promise
  readonly #name: string
  readonly #readingOutage: ReadingOutage
  #hasJoined = false
  #removals = 0
  readonly #reports: MappingReports

  constructor(mapping: Mapping, parts: SourceParts) {
    this.#mapping = mapping
    this.#parts = parts
    const at = mapping.cluster ? ` at ${mapping.cluster.brokers}` : ''
    this.#name = `msk  ${mapping.functionKey} ← ${mapping.topic}${at}`
    this.#reports = new MappingReports(mapping, parts.report)
    this.#member = parts.member(mapping, this)
    this.#tracker = new TopicTracker({
      topic: mapping.topic,
      topicStates: topics => parts.cluster.topicStates(topics),
      onRecreated: () =>
        parts.log.notice(
          `${this.#name}  the topic was deleted and created again: reading it from its beginning`,
        ),
    })
    this.#readingOutage = new ReadingOutage({
      ...parts,
      name: this.#name,
      mapping,
      reports: this.#reports,
      ending: this.#ending.signal,
    })
    this.#dispatcher = new Dispatcher(mapping, {
      name: this.#name,
      brokers: mapping.bootstrapServers ?? parts.settings.brokers,
      backoff: parts.settings,
      lingerMs: parts.settings.lingerMs,
      log: parts.log,
      reports: this.#reports,
      intake: makeIntake(mapping),
      sender: parts.sender,
      faults: this.#faults,
      reserved: parts.reserved,
      invoke: (...of) => parts.invoke(...of),
      crash: () => void this.#rejoin(),
      commit: offsets => this.#member.commit(offsets),
      pause: partition => this.#member.pause([partition]),
      resume: partition => this.#member.resume([partition]),
    })
  }

  get functionKey(): string {
    return this.#mapping.functionKey
  }

  get topic(): string {
    return this.#mapping.topic
  }

  /** Injects a fault. Resolves when the fault is in effect, or armed for the next batch. */
  async inject(fault: Fault): Promise<void> {
    this.#faults.arm(fault)
    if (fault.fault === 'rebalance') await this.#rejoin()
    else if (fault.fault === 'hold') await this.#dispatcher.waitUntilIdle(fault.partition)
    // A partition that is no longer on hold may have a batch that can start.
    else this.#dispatcher.dispatchSoon()
  }

  /**
   * Resolves when the group was joined for the first time and reading has started, or when only someone else can end the wait: an
   * application that creates the topic, or that leaves the group. The other event sources do not wait for that.
   */
  get started(): Promise<StartOutcome> {
    return this.#started.promise
  }

  /** True if the source reads, or if only another application can end its wait. */
  get isHealthy(): boolean {
    const { isFailing, waitsForOthers } = this.#readingOutage
    return waitsForOthers || (this.#hasJoined && !isFailing)
  }

  /** Reads until `stop`. Failures to read are logged at growing intervals and retried. Never rejects. */
  async run(): Promise<void> {
    this.#reports.reportMapping(this.#mapping)
    while (!this.#ending.signal.aborted) {
      const attempt = await this.#readOnce()
      this.#dispatcher.keepOnly([])
      // A member that was requested to rejoin has not failed.
      await pause(delayAfter(Math.max(1, attempt), REJOIN), this.#ending.signal)
    }
  }

  /** Reads until reading fails or the member is asked to leave. Returns the number of consecutive failures. */
  async #readOnce(): Promise<number> {
    try {
      if (!(await this.#parts.cluster.hasTopic(this.#mapping.topic))) {
        const attempt = this.#readingOutage.handleMissingTopic()
        if (attempt >= MISSING_ATTEMPTS) this.#started.resolve('topic-missing')
        return attempt
      }
      const largestBatch = await this.#parts.cluster.fetchMaxBatchBytes(this.#mapping.topic)
      // If `stop` was called in the meantime, joining the group now would leave a member in it.
      if (this.#ending.signal.aborted) return 0
      await this.#member.read(largestBatch)
      return 0
    } catch (error) {
      if (!isGroupTaken(error)) return this.#readingOutage.handleFailure(error)
      const clients = await this.#parts.cluster.listGroupClients(this.#mapping.groupId).catch(() => [])
      this.#started.resolve('group-taken')
      return this.#readingOutage.handleTakenGroup(clients)
    }
  }

  /** Reports that the mapping is no longer read. Call it after `stop`, if the trigger itself goes on. */
  reportEnd(): void {
    this.#reports.reportEnd()
  }

  /** Waits at most `graceMs` for running invocations, abandons the other records without committing them, and leaves the group. */
  async stop(graceMs: number): Promise<void> {
    const leaveByMs = performance.now() + graceMs + LEAVE_MS
    this.#ending.abort()
    await this.#dispatcher.stop(graceMs)
    await within(
      leaveByMs - performance.now(),
      Promise.all([this.#member.leave(), this.#parts.sender?.close()]),
    )
  }

  handleAssignment(partitions: readonly number[], isSameMember: boolean): ReadonlyMap<number, number> {
    return this.#dispatcher.keepOnly(isSameMember ? partitions : [])
  }

  handleRemoval(silentMs: number): void {
    this.#removals += 1
    if (!shouldLog(this.#removals)) return
    const { sessionTimeoutMs } = this.#parts.settings
    const reason =
      silentMs < sessionTimeoutMs
        ? 'it was late in a rebalance, or another program has removed it'
        : `no heartbeat of it arrived within sessionTimeoutMs (${sessionTimeoutMs}), as on a busy or suspended machine`
    this.#parts.log.warning(
      `${this.#name}  group ${this.#mapping.groupId} had removed this member: ${reason}. It has joined again, and records that were not committed are delivered again.`,
    )
  }

  async isSameTopic(): Promise<boolean> {
    const fate = await this.#tracker.checkTopic()
    // Rejoin, because the next fetch may read another topic of the same name, which has other records at the known positions.
    if (fate === 'gone') void this.#rejoin()
    return fate === 'same'
  }

  async mayDeliver(): Promise<boolean> {
    const isSame = this.#rejoinUnlessSame()
    return (await within(IDENTITY_MS, isSame)) ? isSame : true
  }

  /**
   * Returns true if the topic is the same; otherwise rejoins, so that the records are read again. A late answer is used as well.
   */
  async #rejoinUnlessSame(): Promise<boolean> {
    // Ignore the error: an unavailable broker is reported by the code that fetches records.
    const fate = await this.#tracker.checkTopic().catch(() => 'same')
    if (fate !== 'same') void this.#rejoin()
    return fate === 'same'
  }

  async startOffsets(partitions: readonly number[]): Promise<StartOffsets> {
    if (partitions.length > 0) await this.#tracker.checkTopic()
    const start = await startOffsets(
      this.#parts.cluster,
      this.#mapping,
      partitions,
      this.#tracker.isRecreated,
    )
    if (start.fresh && !this.#hasJoined) this.#logFreshStart(start.fresh)
    return start
  }

  /** Logs what a group without committed offsets skips and reads: it may have lost them. Nothing is logged for an empty topic. */
  #logFreshStart({ before, after }: NonNullable<StartOffsets['fresh']>): void {
    if (before + after === 0) return
    const { groupId, startingPosition } = this.#mapping
    this.#parts.log.notice(
      `${this.#name}  group ${groupId} is new, or its offsets have expired (offsets.retention.minutes of the broker): ` +
        `it begins at ${startingPosition.at} (offsets skipped: ${before}, to read: ${after})`,
    )
  }

  handleTopicState(state: TopicState | undefined): void {
    const change = this.#tracker.findChange(state)
    if (change === 'rejoin') void this.#rejoin()
    else if (change === 'refresh') this.#member.refresh()
  }

  handleReadStart(offsets: ReadonlyMap<number, number>, partitionCount: number): void {
    // Log this only the first time, because a member may repeatedly join without being able to fetch.
    if (!this.#hasJoined || !this.#readingOutage.isFailing)
      this.#parts.log.notice(
        `${this.#name}  group ${this.#mapping.groupId} ready ${describeAssignment(offsets.size, partitionCount)}`,
      )
    this.#hasJoined = true
    this.#started.resolve('joined')
    this.#tracker.startReading()
    this.#dispatcher.open(offsets)
    this.#nextReading.resolve()
    this.#nextReading = Promise.withResolvers()
  }

  handleFetch(): void {
    this.#readingOutage.handleSuccess()
  }

  handleRecords(partition: number, messages: readonly PolledMessage[]): Promise<void> {
    return this.#dispatcher.add(partition, messages)
  }

  /** Drops all records, like a poller that has crashed or was removed from the group, and joins the group again. */
  async #rejoin(): Promise<void> {
    const reading = this.#nextReading.promise
    this.#tracker.stopReading()
    this.#dispatcher.keepOnly([])
    this.#member.rejoin()
    await reading
  }
}

/** Returns how many partitions this process reads and, if there are more, how to read all of them. */
function describeAssignment(own: number, all: number): string {
  if (own >= all) return `(${own} partition${own === 1 ? '' : 's'})`
  return `(${own} of ${all} partitions). Other processes of this group read ${all - own}. To read all of them here, set custom.mskTrigger.groupPrefix, for example to \${env:USER}-`
}
