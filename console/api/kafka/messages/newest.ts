/** Newest messages for an open page. A repeated query reads only the records that are new since the previous query. */

import { findRecords } from '../../../../lib/queries/find-records.ts'
import { offsetsIn } from '../../../../lib/queries/newest.ts'
import { topicBounds } from '../../../../lib/queries/topics.ts'
import type { Bounds } from '../../../../packages/runtime/adapters/kafka/offsets.ts'
import { behindTransactions, limitsOf, listedMessages, type MessageList, type MessagePorts } from './list.ts'
import type { MessagesQuery } from './query.ts'
import { RecordFilter } from './rows.ts'

/** Last response to a query, and the end offset of each partition at that time. */
interface Followed {
  readonly list: MessageList
  readonly ends: readonly number[]
  readonly atMs: number
}

/** Maximum number of cached queries, and the time after which an unused one is removed, in milliseconds. */
const MAX_FOLLOWED = 20
const REMEMBERED_MS = 30_000

/** Maximum number of new messages that a query reads. Older new messages are skipped. */
const MAX_NEW = 5_000

export class NewestMessages {
  readonly #ports: () => Promise<MessagePorts>
  readonly #followed = new Map<string, Promise<Followed>>()

  constructor(ports: () => Promise<MessagePorts>) {
    this.#ports = ports
  }

  /** Returns the newest messages. Throws the errors of `listedMessages`. After an error, the next query does not use the cache. */
  async ask(query: MessagesQuery): Promise<MessageList> {
    const name = JSON.stringify(Object.entries(query).sort())
    const before = this.#followed.get(name)
    const next = this.#next(before, query)
    this.#remember(name, next)
    return (await next).list
  }

  async #next(before: Promise<Followed> | undefined, query: MessagesQuery): Promise<Followed> {
    const ports = await this.#ports()
    const known = await before?.catch(() => undefined)
    const watermarks = await ports.highWatermarks(query.topic)
    const bounds = await topicBounds(ports.offsets, query.topic)
    const atMs = ports.nowMs()
    const isFresh =
      known !== undefined &&
      atMs - known.atMs < REMEMBERED_MS &&
      // If not, the topic has been recreated or partitions have been added.
      known.ends.length === bounds.length &&
      known.ends.every((end, partition) => end <= (bounds[partition]?.end ?? -1))
    const ends = bounds.map(({ end }) => end)
    const { partition: _, offset: __, time: ___, cursor: ____, ...others } = query
    const newest = { ...others, ...(query.partition === undefined ? {} : { partition: query.partition }) }
    const list = isFresh
      ? {
          ...(await goneOn(known, bounds, query, ports)),
          behindTransactions: behindTransactions(watermarks, bounds, query.partition),
        }
      : await listedMessages({ ...newest, from: 'newest' }, ports)
    return { list, ends, atMs }
  }

  #remember(name: string, next: Promise<Followed>): void {
    this.#followed.delete(name)
    this.#followed.set(name, next)
    next.catch(() => {
      if (this.#followed.get(name) === next) this.#followed.delete(name)
    })
    const [oldest] = this.#followed.keys()
    if (this.#followed.size > MAX_FOLLOWED && oldest !== undefined) this.#followed.delete(oldest)
  }
}

async function goneOn(
  { list, ends }: Followed,
  bounds: readonly Bounds[],
  query: MessagesQuery,
  ports: MessagePorts,
): Promise<MessageList> {
  const { topic, partition: only, limit } = query
  const all = bounds.map(({ start, end }, partition) => {
    return { topic, partition, start: Math.max(start, ends[partition] ?? start), end }
  })
  const ranges = all.filter(({ partition }) => only === undefined || partition === only)
  const share = Math.ceil(MAX_NEW / Math.max(1, ranges.filter(({ start, end }) => start < end).length))
  const newest = ranges.map(range => ({ ...range, start: Math.max(range.start, range.end - share) }))
  const wanted = new RecordFilter(query, ports.reader)
  const limits = { ...limitsOf(ports), wanted: Number.POSITIVE_INFINITY }
  const found = await findRecords(ports.log, newest, 'forward', record => wanted.row(record), limits)
  const skipped = offsetsIn(ranges) - offsetsIn(newest) + offsetsIn(found.left)
  return {
    ...list,
    held: offsetsIn(bounds),
    messages: [...found.found.toReversed(), ...list.messages].slice(0, limit),
    looked: list.looked + found.looked,
    hidden: list.hidden + wanted.hidden,
    skipped: list.skipped + skipped,
  }
}
