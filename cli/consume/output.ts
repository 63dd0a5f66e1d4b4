/** Output of `consume`. */
import { once } from 'node:events'
import { count } from '../../lib/count.ts'
import { plainEvent } from '../../lib/queries/plain-event.ts'
import { recordView } from '../../lib/queries/record-view.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { Failure } from '../../packages/runtime/consumer/failure-codes.ts'
import type { DataReader } from '../../packages/runtime/pipeline/ports.ts'
import { CliFailure } from '../failure.ts'
import { recordLine } from '../records/line.ts'
import { shortTopic } from '../records/view.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { harmless, shortened } from '../text-width.ts'
import type { AlertCounter, Firing } from './alert-counter.ts'

/** Mode of the output: one line per record, per hundred records, or per batch. */
export type OutputMode = 'records' | 'summary' | 'batches'

export interface OutputPlan {
  readonly mode: OutputMode
  /** True to print one JSON document per record. */
  readonly json: boolean
  readonly env: string
  readonly topic: string
}

const SUMMARY_EVERY = 100

export class ConsumeOutput {
  readonly #plan: OutputPlan
  readonly #terminal: Terminal
  readonly #counter: AlertCounter
  readonly #reader: DataReader
  #messages = 0
  #alerts = 0

  constructor(plan: OutputPlan, counter: AlertCounter, reader: DataReader, terminal: Terminal) {
    this.#plan = plan
    this.#reader = reader
    this.#counter = counter
    this.#terminal = terminal
  }

  /** Prints the introduction. With --json, standard output contains only documents. */
  begin(rules: number): void {
    this.#say(`Consuming from topic: ${this.#plan.topic}`)
    this.#say(`Alert rules active: ${rules}`)
    this.#say('Press Ctrl+C to stop')
  }

  /**
   * Counts and shows a batch of records. Resolves when the output accepts more data.
   *
   * @throws CliFailure if the registry does not answer, because a group must not commit records that could not be read
   */
  async show(records: readonly LogRecord[]): Promise<void> {
    const read: [LogRecord, Event | Failure][] = []
    for (const record of records) read.push([record, await this.#read(record)])
    let text = ''
    for (const [record, event] of read) text += this.#shown(record, event)
    if (this.#plan.mode === 'batches') text += `Processed batch of ${records.length} messages\n`
    const { stdout } = this.#terminal
    if (text !== '' && !stdout.write(text)) await once(stdout, 'drain')
  }

  async #read(record: LogRecord): Promise<Event | Failure> {
    const event = await plainEvent(record, this.#reader)
    if (!isFailure(event) || event.code !== 'registry-unavailable') return event
    const { topic, partition, offset } = record
    throw new CliFailure(
      `The record at offset ${offset} of ${topic}/${partition} cannot be read: ${event.message}`,
    )
  }

  end(): void {
    this.#say(`Total: ${count(this.#messages, 'message')} | ${count(this.#alerts, 'alert')}`)
  }

  /** Returns the text for one record. The counter `alerts` is increased if the record fires at least one alert. */
  #shown(record: LogRecord, event: Event | Failure): string {
    const firings = this.#counter.firings(record, event)
    this.#messages += 1
    if (firings.length > 0) this.#alerts += 1
    const { mode } = this.#plan
    if (mode === 'records') return this.#recordText(record, event, firings)
    const isDue = mode === 'summary' && this.#messages % SUMMARY_EVERY === 0
    return isDue ? `Processed ${this.#messages} messages | ${this.#alerts} alerts\n` : ''
  }

  #recordText(record: LogRecord, event: Event | Failure, firings: readonly Firing[]): string {
    const view = recordView(record, event)
    if (this.#plan.json)
      return `${JSON.stringify({ ...view, alerts: firings.map(({ rule, severity }) => ({ rule, severity })) })}\n`
    const { env, topic } = this.#plan
    const columns = columnsOf(this.#terminal)
    const layout = { env, columns, nowMs: Date.now(), topicWidth: shortTopic(topic, env).length }
    const alerts = firings.map(({ rule, severity, summary }) =>
      shortened(harmless(`  fires ${rule} (${severity}): ${summary}`), columns),
    )
    return `${[recordLine(view, layout), ...alerts].join('\n')}\n`
  }

  #say(line: string): void {
    const { stdout, stderr } = this.#terminal
    const stream = this.#plan.json ? stderr : stdout
    stream.write(`${line}\n`)
  }
}
