/** The messages of any topic. */
import { Hono } from 'hono'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { type Signal, signalNamed } from '../../../lib/app/topics.ts'
import { allTopics } from '../../../lib/queries/topic-descriptions.ts'
import type { ConsoleHono } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { watchable } from '../../live/watchable.ts'
import { queryOf } from '../query.ts'
import { highWatermarksOf } from './layouts.ts'
import { Downloads } from './messages/download.ts'
import { listedMessages, type MessagePorts } from './messages/list.ts'
import { NewestMessages } from './messages/newest.ts'
import { oneMessage } from './messages/one.ts'
import { MESSAGES_QUERY, PLACE_QUERY } from './messages/query.ts'

/** The topics that have messages to look at. */
export interface MessageTopics {
  readonly topics: readonly {
    readonly topic: string
    /** Null for a topic that is not one of this environment. */
    readonly signal: Signal | null
    readonly partitions: number
  }[]
}

/** A new look for those who watch. */
const EVERY_MS = 1_000
/** Of a file. Behind an HTTP API, no answer may be larger than 6 MB, and this one goes as Base64. */
const MOST_RECORDED = { records: 10_000, bytes: 64 * 1024 * 1024 } as const
const MOST_BEHIND_HTTP_API = { records: 10_000, bytes: 3.5 * 1024 * 1024 } as const

export function messageRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  const { config, streams } = environment
  const reader = dataReader(config)
  const ports = async (): Promise<MessagePorts> => {
    const [log, offsets, cluster] = await Promise.all([
      environment.log(),
      environment.offsets(),
      environment.cluster(),
    ])
    const highWatermarks = (topic: string) => highWatermarksOf(cluster, topic)
    return { log, offsets, highWatermarks, reader, nowMs: Date.now }
  }
  const newest = new NewestMessages(ports)
  const downloads = new Downloads()
  watchable(routes, '/', { query: MESSAGES_QUERY, everyMs: EVERY_MS, environment }, async query =>
    query.live ? newest.ask(query) : listedMessages(query, await ports()),
  )
  routes.get('/topics', async context => {
    const topics = await allTopics(await environment.kafka())
    const shown = topics.map(({ topic, partitions }) => {
      return { topic, signal: signalNamed(topic, config.env) ?? null, partitions: partitions.length }
    })
    return context.json({ topics: shown } satisfies MessageTopics)
  })
  routes.get('/one', async context =>
    context.json(await oneMessage(queryOf(PLACE_QUERY, context), await ports())),
  )
  routes.get('/download', async context => {
    const query = queryOf(MESSAGES_QUERY, context)
    const most = streams ? MOST_RECORDED : MOST_BEHIND_HTTP_API
    const { text, records, isCut } = await downloads.make(query, await ports(), most)
    return context.body(text, 200, {
      'content-type': 'application/x-ndjson; charset=utf-8',
      'content-disposition': `attachment; filename="${query.topic}.jsonl"`,
      'sluice-records': String(records),
      'sluice-is-cut': String(isCut),
    })
  })
  return routes
}
