import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { opened } from '../../cli/replay/opened.ts'
import type { ReplayPlan } from '../../cli/replay/plan.ts'
import { type CopyProgress, copy } from '../../lib/operations/record/copy.ts'
import { outgoing } from '../../lib/operations/replay/outgoing.ts'
import { pacer } from '../../lib/operations/replay/pace.ts'
import { type Departure, publishAll, requests } from '../../lib/operations/replay/publish.ts'
import { readRecorded } from '../../lib/operations/replay/recorded.ts'
import type { Item } from '../../lib/operations/replay/sequence.ts'
import type { Source } from '../../lib/operations/replay/source.ts'
import { recordedLine } from '../../lib/queries/recorded-line.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'

const TOTAL = 50_000
const FILES = 2
/** A piece of each file, and what is merged of them. */
const MAX_AHEAD = TOTAL / 10

const EVENT = { id: 'an-id', source: '/a', type: 't', subject: 's', data: { text: 'x'.repeat(400) } }

const PRODUCED = producedRecord('sluice.telemetry.readings.test', 's', EVENT)
const LINE = recordedLine({ ...PRODUCED, partition: 0, offset: 0, timestampMs: 0 }).replace(
  '"timestamp":0',
  '"timestamp":@',
)

const lineAt = (index: number) => `${LINE.replace('@', String(index)).replace('an-id', String(index))}\n`

const PLAN: ReplayPlan = {
  files: [],
  speed: Number.POSITIVE_INFINITY,
  keepPartitions: false,
  carryLogTime: false,
  fromLine: 1,
  filters: [],
  limit: Number.POSITIVE_INFINITY,
  forMs: Number.POSITIVE_INFINITY,
  skip: 0,
  loop: 1,
  skipInvalid: false,
}

describe(`given recordings of ${TOTAL} records`, () => {
  for (const isZipped of [false, true])
    test(`when they are merged and published, then few are read ahead${isZipped ? ', zipped' : ''}`, async () => {
      let [read, published, mostAhead] = [0, 0, 0]
      const sourceAt = (file: number): Source => {
        const text = Buffer.from(
          Array.from({ length: TOTAL / FILES }, (_, at) => lineAt(at * FILES + file)).join(''),
        )
        const bytes = isZipped ? gzipSync(text, { level: 1 }) : text
        return {
          name: `f${file}`,
          isRepeatable: true,
          bytes: bytes.length,
          read: () => counted(inPieces(bytes), file),
        }
      }
      async function* counted(pieces: AsyncIterable<Buffer>, file: number) {
        for await (const group of readRecorded(pieces, `f${file}`)) {
          read += group.length
          mostAhead = Math.max(mostAhead, read - published)
          yield group
        }
      }
      const sources = [sourceAt(0), sourceAt(1)]
      const { items, total } = await opened(sources, PLAN, 0, { stderr: process.stderr })
      assert.equal(total, TOTAL)
      assert.equal(read, TOTAL)
      // The survey has read all of it; now it is published.
      ;[read, mostAhead] = [0, 0]
      const ids: number[] = []
      const publisher = {
        publish: async (records: readonly { headers: readonly (readonly [string, Buffer | null])[] }[]) => {
          published += records.length
          for (const { headers } of records) ids.push(Number(headers.find(([name]) => name === 'ce_id')?.[1]))
        },
      }
      const counts = { attempted: 0, acknowledged: 0, nextLine: 1, ahead: 0 }
      const clock = { elapsedMs: () => 0, wait: async () => {} }
      const due = requests(departing(items), pacer(PLAN.speed), clock)
      await publishAll(due, publisher, counts, { futureToleranceMs: 0, nowMs: Date.now })
      assert.equal(counts.acknowledged, TOTAL)
      assert.ok(ids.every((id, at) => id === at))
      assert.ok(mostAhead > 0 && mostAhead <= MAX_AHEAD, `${mostAhead} were read ahead`)
    })

  test('when they are recorded, then few lines are held', async () => {
    const log: LogReader = {
      read: async (_, partition, { fromOffset, toOffset }) => {
        const count = Math.min(1_000, toOffset - fromOffset + 1)
        const records = Array.from({ length: count }, (_, at): LogRecord => {
          const offset = fromOffset + at
          return { ...PRODUCED, partition, offset, timestampMs: offset }
        })
        return { records, nextOffset: fromOffset + count, logStart: 0 }
      },
    }
    const ranges = [0, 1].map(partition => ({ partition, start: 0, end: TOTAL / 2, next: 0 }))
    const none = { recorded: 0, read: 0, expired: 0, oversize: 0 }
    const standing: CopyProgress = { version: 1, topic: 't', filters: [], ...none, ranges }
    let [held, written] = [0, 0]
    const target = {
      get isFull() {
        return held >= 2_000
      },
      add: () => {
        held++
        assert.ok(held <= 2_000)
      },
      flush: async () => {
        written += held
        held = 0
      },
    }
    await copy(log, standing, [], target, new AbortController().signal)
    assert.deepEqual([written, standing.recorded], [TOTAL, TOTAL])
  })
})

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.subarray(at, at + (1 << 16))
}

async function* departing(items: AsyncIterable<readonly Item[]>): AsyncGenerator<readonly Departure[]> {
  const addressing = { env: 'test', contentMode: 'binary', keepPartitions: false } as const
  for await (const group of items)
    yield group.map(({ line, paceMs, eventMs, ...item }) => {
      const record = outgoing({ line, paceMs, eventMs, ...item }, addressing)
      return { line, paceMs, eventMs, record }
    })
}
