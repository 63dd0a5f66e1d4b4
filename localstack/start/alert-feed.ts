import type { LogRecord } from '#runtime/cloudevents'
import { type Kafka, KafkaLogReader, TopicOffsets } from '#runtime/operating/kafka'
import { type DataReader, plainRecords } from '#runtime/pipeline'
import { readAlert } from '../../control/queries/alerts/alerts-topic.ts'
import { followTopic } from '../../control/queries/records/follow-topic.ts'
import { type Alert, PIPELINE_DOWN } from '../../lib/alerting/index.ts'
import { dataReader } from '../../lib/app/data/data-reader.ts'
import { count } from '../../lib/support/count.ts'
import { escapeText } from '../../lib/support/escape-text.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import { alertLine, type Screen } from './screen.ts'

/** Number of lines that a span shows. Further alerts of the span are summed up in one line. */
const MAX_SHOWN = 5
const SPAN_MS = 5_000

/** Each request is sent once, because the next look follows soon. */
const PATIENCE = { leaderMs: 0, topicMs: 0 }

/** Shows alerts as they are published, and counts them. */
export class AlertFeed {
  readonly #screen: Screen
  readonly #reader: DataReader
  /** Families with the units of the alerts' values. Set it again after they were saved. */
  families: Families
  readonly #limit = new AlertLimit()
  readonly #knownOutages = new Set<string>()
  readonly #counts = { firing: 0, resolved: 0 }
  #stop = async () => {}

  constructor(screen: Screen, config: Parameters<typeof dataReader>[0]) {
    this.#screen = screen
    this.#reader = dataReader(config)
    this.families = config.families
  }

  /** Follows the alerts topic from now on, however long Kafka is unavailable in the meantime. */
  async follow(kafka: Kafka, topic: string): Promise<void> {
    const [offsets, log] = [new TopicOffsets(kafka, PATIENCE), new KafkaLogReader(kafka)]
    const stop = new AbortController()
    const ends = await offsets.ends(topic)
    const records = followTopic(log, offsets, topic, ends, stop.signal, Number.POSITIVE_INFINITY)
    const following = this.#showAll(records).catch(({ message }: Error) => {
      if (stop.signal.aborted) return
      this.#screen.line(`✗ alerts are no longer shown, because their topic cannot be read: ${message}`)
    })
    this.#stop = async () => {
      stop.abort()
      await Promise.all([offsets.close(), log.close()])
      await following
    }
  }

  async #showAll(records: AsyncIterable<LogRecord>): Promise<void> {
    for await (const record of records)
      try {
        for (const plain of await plainRecords([record], this.#reader)) this.#show(plain)
      } catch (error) {
        this.#screen.line(`✗ an alert cannot be shown: ${(error as Error).message}`)
      }
  }

  /** Shows an alert. @param record record with decoded data */
  #show(record: LogRecord): void {
    const found = readAlert(record)
    if (!found || this.#isRepeated(found.alert)) return
    this.#counts[found.alert.status] += 1
    const nowMs = Date.now()
    this.#showLines(this.#limit.add(escapeText(alertLine(this.families, found.alert, found, nowMs)), nowMs))
  }

  #showLines(lines: readonly string[]): void {
    for (const line of lines) this.#screen.line(line)
  }

  /** Returns true if an alert only repeats a known outage of the pipeline, because every partition reports the outage. */
  #isRepeated({ rule, status, alertId }: Alert): boolean {
    if (rule !== PIPELINE_DOWN) return false
    const isKnown = this.#knownOutages.has(`${status} ${alertId}`)
    this.#knownOutages.add(`${status} ${alertId}`)
    return isKnown
  }

  /** Returns the counts for the live line, after the sum of the alerts that had no line. */
  formatCounts(): string {
    this.#showLines(this.#limit.flush(Date.now()))
    return `fired ${this.#counts.firing} · resolved ${this.#counts.resolved}`
  }

  stop(): Promise<void> {
    return this.#stop()
  }
}

/** Decides which alerts have a line of their own, so that many at once leave the terminal readable. Pure: time is an argument. */
export class AlertLimit {
  #startMs = Number.NEGATIVE_INFINITY
  #shown = 0
  #hidden = 0

  /** Returns the lines to show now for a further alert. */
  add(line: string, nowMs: number): readonly string[] {
    const sum = this.flush(nowMs)
    if (nowMs >= this.#startMs + SPAN_MS) {
      this.#startMs = nowMs
      this.#shown = 0
    }
    if (this.#shown === MAX_SHOWN) {
      this.#hidden += 1
      return sum
    }
    this.#shown += 1
    return [...sum, line]
  }

  /** Returns the line with the alerts that had none, once their span is over. */
  flush(nowMs: number): readonly string[] {
    if (this.#hidden === 0 || nowMs < this.#startMs + SPAN_MS) return []
    const line = `… and ${count(this.#hidden, 'change')} of alerts in ${SPAN_MS / 1000} s: npx sluice alerts list`
    this.#hidden = 0
    return [line]
  }
}
