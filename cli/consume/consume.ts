/** Consumes a topic, either as a member of a consumer group, or without a group and without storing offsets in Kafka. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { AnyRule } from '../../lib/alerting/patterns/pattern.ts'
import type { Config } from '../../lib/app/config.ts'
import { followTopic, TopicReplaced } from '../../lib/queries/follow.ts'
import { topicBounds, topicReach } from '../../lib/queries/topics.ts'
import { failureOf, isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import { GroupReader } from '../../packages/runtime/adapters/kafka/group-reader.ts'
import type { PlainReader } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import { reasonOf } from '../connections.ts'
import { CliFailure, StoppedByUser } from '../failure.ts'
import { type KafkaCommand, requireTopicIn, withKafka } from '../kafka.ts'
import type { Terminal } from '../terminal.ts'
import { AlertCounter } from './alert-counter.ts'
import { ConsumeOutput, type OutputMode } from './output.ts'
import { Processing } from './processing.ts'

export interface ConsumePlan {
  /** Full name of the topic. */
  readonly topic: string
  /** Consumer group; undefined to read without a group. */
  readonly group: string | undefined
  readonly commit: 'auto' | 'manual'
  readonly mode: OutputMode
  readonly json: boolean
  /** Position at which reading starts. For a group, it applies only to partitions without a committed offset. */
  readonly from: 'start' | 'end' | { readonly timeMs: number }
  /** Number of records after which the command ends. */
  readonly count: number
  readonly reader: PlainReader
  /** Alert rules to evaluate. Paused rules are not included. */
  readonly rules: readonly AnyRule[]
}

const COMMIT_EVERY_MS = 5_000
/** Time limit for leaving the group, in milliseconds. If the member does not leave in time, the broker removes it later. */
const LEAVE_WITHIN_MS = 5_000

/**
 * Consumes the topic.
 *
 * @throws StoppedByUser when a signal stops the command, which is how it normally ends
 */
export async function consume(plan: ConsumePlan, config: Config, terminal: Terminal): Promise<void> {
  const output = new ConsumeOutput(
    { ...plan, env: config.env },
    new AlertCounter(plan.rules),
    plan.reader,
    terminal,
  )
  await withKafka(config, async command => {
    requireTopicIn(command, plan.topic)
    output.begin(plan.rules.length)
    try {
      if (plan.group === undefined) await consumeAlone(plan, command, output, terminal)
      else await new GroupSession(plan, plan.group, command, output, terminal).run()
    } catch (error) {
      throw whileConsuming(error, plan.topic)
    } finally {
      output.end()
    }
  })
  if (terminal.stop.aborted) throw new StoppedByUser()
}

async function consumeAlone(
  plan: ConsumePlan,
  { offsets, connections }: KafkaCommand,
  output: ConsumeOutput,
  { stop }: Terminal,
): Promise<void> {
  const { topic, from, mode, count } = plan
  const timeMs = typeof from === 'object' ? from.timeMs : undefined
  const { bounds, atTime } = await topicReach(offsets, topic, timeMs)
  const starts = bounds.map(({ start, end }, partition) =>
    timeMs === undefined ? (from === 'end' ? end : start) : (atTime[partition] ?? end),
  )
  const processing = new Processing({
    output,
    inBatches: mode === 'batches',
    count,
    processed: async () => {},
  })
  const reading = (async () => {
    for await (const record of followTopic(await connections.log(), offsets, topic, starts, stop)) {
      await processing.add([{ record, next: record.offset + 1 }])
      if (processing.isFull) return
    }
  })()
  await Promise.race([reading, processing.ended])
  await processing.close()
}

/** Converts the error to a message for users if the topic was deleted or recreated. */
function whileConsuming(error: unknown, topic: string): unknown {
  if (isUnknownTopic(error)) return new CliFailure(`The topic ${topic} was deleted while it was consumed.`)
  if (error instanceof TopicReplaced)
    return new CliFailure(`The ${error.message} while it was consumed: start again to read the new one.`)
  return error
}

class GroupSession {
  readonly #plan: ConsumePlan
  readonly #command: KafkaCommand
  readonly #terminal: Terminal
  readonly #reader: GroupReader
  readonly #processing: Processing

  constructor(
    plan: ConsumePlan,
    group: string,
    command: KafkaCommand,
    output: ConsumeOutput,
    terminal: Terminal,
  ) {
    const { topic, from, mode, count, commit } = plan
    this.#plan = plan
    this.#command = command
    this.#terminal = terminal
    this.#processing = new Processing({
      output,
      inBatches: mode === 'batches',
      count,
      processed: async () => {
        if (commit === 'manual') await this.#commitOrSay()
      },
    })
    this.#reader = new GroupReader(command.kafka, {
      group,
      topic,
      from: from === 'end' ? 'end' : 'start',
      // The error must not reach the client library, which would request the same records again and again.
      take: taken => this.#processing.add(taken).catch(error => this.#processing.fail(error)),
      assigned: partitions => this.#processing.keepPartitions(partitions),
    })
  }

  async run(): Promise<void> {
    const { stop } = this.#terminal
    const over = new AbortController()
    try {
      const stopped = stop.aborted ? undefined : once(stop, 'abort')
      // Joining a group and assigning its partitions may take a while.
      await Promise.race([this.#reader.join(), stopped])
      const ends = [stopped, this.#processing.ended, this.#lost(), this.#tend(over.signal)]
      if (!stop.aborted) await Promise.race(ends)
      await this.#processing.close()
      await this.#commit()
    } finally {
      over.abort()
      await Promise.race([this.#reader.leave(), pause(LEAVE_WITHIN_MS, undefined, { ref: false })])
    }
  }

  #commit(): Promise<void> {
    return this.#processing.commitBy(offsets => this.#reader.commit(offsets))
  }

  async #lost(): Promise<never> {
    const error = await this.#reader.lost
    await this.#requireTopic()
    throw failureOf(error)
  }

  /** Commits periodically, and detects a deleted topic, which the client library does not report. */
  async #tend(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await pause(COMMIT_EVERY_MS, undefined, { signal: over }).catch(() => {})
      if (over.aborted) return
      await this.#requireTopic()
      if (this.#plan.commit === 'auto') await this.#commitOrSay()
    }
  }

  /**
   * Checks that the topic exists.
   *
   * @throws UnknownTopic
   */
  async #requireTopic(): Promise<void> {
    try {
      await topicBounds(this.#command.offsets, this.#plan.topic)
    } catch (error) {
      // Continue if a broker is only briefly unavailable.
      if (isUnknownTopic(error)) throw error
    }
  }

  /** Commits the offsets. If the commit fails, a message is shown, and the offsets are included in the next commit. */
  async #commitOrSay(): Promise<void> {
    try {
      await this.#commit()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      this.#terminal.stderr.write(`Offsets could not be committed. Reading continues. (${reasonOf(error)})\n`)
    }
  }
}
