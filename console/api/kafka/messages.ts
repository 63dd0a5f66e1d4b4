/** Messages of a topic. */
import type { Context } from 'hono'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { type Signal, signalNamed } from '../../../lib/app/topics.ts'
import { allTopics } from '../../../lib/queries/topic-descriptions.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { highWatermarksOf } from './layouts.ts'
import { Downloads } from './messages/download.ts'
import { listedMessages, type MessagePorts } from './messages/list.ts'
import { NewestMessages } from './messages/newest.ts'
import { oneMessage } from './messages/one.ts'
import type { MessagesQuery } from './messages/query.ts'

/** A topic whose messages can be read. */
export interface MessageTopic {
  readonly topic: string
  /** Signal of the topic; null for a topic of another application. */
  readonly signal: Signal | null
  readonly partitions: number
}

/** Maximum size of a downloaded file. An HTTP API limits a response to 6 MB after Base64 encoding. */
const MAX_RECORDED = { records: 10_000, bytes: 64 * 1024 * 1024 } as const
const MAX_BEHIND_HTTP_API = { records: 10_000, bytes: 3.5 * 1024 * 1024 } as const

export class ConsoleMessages {
  readonly #environment: ConsoleEnvironment
  readonly #reader: ReturnType<typeof dataReader>
  readonly #newest = new NewestMessages(() => this.#ports())
  readonly #downloads = new Downloads()

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.#reader = dataReader(environment.config)
  }

  async list(query: MessagesQuery) {
    return query.live ? this.#newest.ask(query) : listedMessages(query, await this.#ports())
  }

  async topics(): Promise<{ readonly topics: readonly MessageTopic[] }> {
    const { env } = this.#environment.config
    const topics = await allTopics(await this.#environment.kafka())
    return {
      topics: topics.map(({ topic, partitions }) => {
        return { topic, signal: signalNamed(topic, env) ?? null, partitions: partitions.length }
      }),
    }
  }

  async one(place: Parameters<typeof oneMessage>[0]) {
    return oneMessage(place, await this.#ports())
  }

  async download(query: MessagesQuery, context: Context): Promise<Response> {
    const most = this.#environment.streams ? MAX_RECORDED : MAX_BEHIND_HTTP_API
    const { text, records, isCut } = await this.#downloads.make(query, await this.#ports(), most)
    return context.body(text, 200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': `attachment; filename="${query.topic}.jsonl"`,
      'sluice-records': String(records),
      'sluice-is-cut': String(isCut),
    })
  }

  async #ports(): Promise<MessagePorts> {
    const environment = this.#environment
    const [log, offsets, cluster] = await Promise.all([
      environment.log(),
      environment.offsets(),
      environment.cluster(),
    ])
    const highWatermarks = (topic: string) => highWatermarksOf(cluster, topic)
    return { log, offsets, highWatermarks, reader: this.#reader, nowMs: Date.now }
  }
}
