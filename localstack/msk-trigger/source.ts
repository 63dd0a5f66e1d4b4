import { Attempts } from './attempts.ts'
import { delayAfter, isWorthALine } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import type { Sender } from './destinations.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Message } from './event.ts'
import { isUnreachable } from './explain.ts'
import type { Faulty } from './fault-socket.ts'
import { type Fault, Faults } from './faults.ts'
import type { Log } from './framework.ts'
import { makeIntake } from './intake.ts'
import type { Mapping } from './mappings.ts'
import type { GroupMember, MemberListener } from './member.ts'
import { MappingReports, type StallKind, type WriteReport } from './reports.ts'
import type { Settings } from './settings.ts'
import { type StartOffsets, startOffsets } from './start-offsets.ts'
import { pause, within } from './wait.ts'

/** To leave the group, beside what running invocations have left of their time: if it takes longer, the broker is gone. */
const LEAVE_MS = 1_000

/** Between attempts to find the topic and to join the group. */
const REJOIN = { retryDelayMs: 250, maxRetryDelayMs: 2_000 }

export interface SourceParts {
  readonly settings: Settings
  readonly log: Log
  readonly cluster: Pick<Cluster, keyof Cluster>
  /** Where the mapping has a destination. */
  readonly sender: Sender | undefined
  readonly report: WriteReport
  invoke(event: unknown, answerCounts: boolean): Promise<unknown>
  member(mapping: Mapping, listener: MemberListener): Pick<GroupMember, keyof GroupMember>
}

/** One event source mapping at work: reads the topic as a consumer group and invokes the function. */
export class EventSource implements MemberListener, Faulty {
  readonly #mapping: Mapping
  readonly #parts: SourceParts
  readonly #member: Pick<GroupMember, keyof GroupMember>
  readonly #dispatcher: Dispatcher
  readonly #ending = new AbortController()
  readonly #joined = Promise.withResolvers<void>()
  readonly #faults = new Faults()
  /** Settled with the next time that reading begins. */
  #nextReading = Promise.withResolvers<void>()
  readonly #name: string
  /** Attempts to read, and not to join: a member that joins and cannot fetch has not succeeded. */
  readonly #attempts = new Attempts()
  #hasJoined = false
  readonly #reports: MappingReports

  constructor(mapping: Mapping, parts: SourceParts) {
    this.#mapping = mapping
    this.#parts = parts
    this.#name = `msk  ${mapping.functionKey} ← ${mapping.topic}`
    this.#reports = new MappingReports(mapping, parts.report)
    this.#member = parts.member(mapping, this)
    this.#dispatcher = new Dispatcher(mapping, {
      name: this.#name,
      brokers: parts.settings.brokers,
      backoff: parts.settings,
      log: parts.log,
      reports: this.#reports,
      intake: makeIntake(mapping),
      sender: parts.sender,
      faults: this.#faults,
      invoke: (event, answerCounts) => parts.invoke(event, answerCounts),
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

  /** A fault of a test. Resolves when it is there, or ready to strike. */
  async inject(fault: Fault): Promise<void> {
    this.#faults.arm(fault)
    if (fault.fault === 'rebalance') await this.#rejoin()
    // A partition that was released has waited for it.
    else this.#dispatcher.dispatchSoon()
  }

  /** Resolves when the group was joined for the first time and reading has begun. */
  get joined(): Promise<void> {
    return this.#joined.promise
  }

  /** Reads until `stop`. What keeps it from reading is said, not a thousand times, and tried again. Never rejects. */
  async run(): Promise<void> {
    const { cluster } = this.#parts
    this.#reports.mapped(this.#mapping)
    while (!this.#ending.signal.aborted) {
      let attempt = 0
      try {
        const { topic } = this.#mapping
        const largestBatch = (await cluster.hasTopic(topic)) ? await cluster.largestBatch(topic) : undefined
        // Told to stop meanwhile: to join now would leave a member behind that nobody ends.
        if (this.#ending.signal.aborted) return
        if (largestBatch !== undefined) await this.#member.read(largestBatch)
        else attempt = this.#failed(`topic ${topic} does not exist yet: create it.`, 'no-topic')
      } catch (error) {
        attempt = this.#failed(this.#whyNotReading(error), isUnreachable(error) ? 'unreachable' : 'error')
      }
      this.#dispatcher.keepOnly([])
      // A member that was told to begin anew has not failed.
      await pause(delayAfter(Math.max(1, attempt), REJOIN), this.#ending.signal)
    }
  }

  /** Waits at most `graceMs` for running invocations, abandons the rest uncommitted, and leaves the group. */
  async stop(graceMs: number): Promise<void> {
    const leaveByMs = performance.now() + graceMs + LEAVE_MS
    this.#ending.abort()
    await this.#dispatcher.stop(graceMs)
    await within(
      leaveByMs - performance.now(),
      Promise.all([this.#member.leave(), this.#parts.sender?.close()]),
    )
  }

  assigned(partitions: readonly number[], goesOn: boolean): ReadonlyMap<number, number> {
    return this.#dispatcher.keepOnly(goesOn ? partitions : [])
  }

  startOffsets(partitions: readonly number[]): Promise<StartOffsets> {
    return startOffsets(this.#parts.cluster, this.#mapping, partitions)
  }

  reading(offsets: ReadonlyMap<number, number>): void {
    // One that joins each time and cannot fetch would say so each time.
    if (!this.#hasJoined || !this.#attempts.isFailing())
      this.#parts.log.notice(
        `${this.#name}  group ${this.#mapping.groupId} ready (${offsets.size} partitions)`,
      )
    this.#hasJoined = true
    this.#joined.resolve()
    this.#dispatcher.open(offsets)
    this.#nextReading.resolve()
    this.#nextReading = Promise.withResolvers()
  }

  fetched(): void {
    const failures = this.#attempts.succeeded()
    if (failures === 0) return
    this.#parts.log.notice(`${this.#name}  reads again after ${failures} failed attempts`)
    this.#reports.resumed('reading')
  }

  records(partition: number, messages: readonly Message[]): Promise<void> {
    return this.#dispatcher.add(partition, messages)
  }

  /** Gives everything up, as a poller that dies or is left out of the group, and begins anew. */
  async #rejoin(): Promise<void> {
    const reading = this.#nextReading.promise
    this.#dispatcher.keepOnly([])
    this.#member.rejoin()
    await reading
  }

  /** Returns how often in a row it has failed now. */
  #failed(what: string, kind: StallKind): number {
    const attempt = this.#attempts.failed()
    if (this.#ending.signal.aborted) return attempt
    this.#reports.stalled({ obstacle: 'reading', kind, reason: what, attempt })
    if (isWorthALine(attempt))
      this.#parts.log.warning(`${this.#name}  ${what} Trying again (attempt ${attempt})`)
    return attempt
  }

  #whyNotReading(error: unknown): string {
    const { message } = error instanceof Error ? error : new Error(String(error))
    const hint = `; is Kafka running at ${this.#parts.settings.brokers.join(',')}?`
    return `not reading: ${message}${isUnreachable(error) ? hint : '.'}`
  }
}
