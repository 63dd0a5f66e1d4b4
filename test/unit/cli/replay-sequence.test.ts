import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { identityOf, type ReplayPlan } from '../../../cli/replay/plan.ts'
import { loadPosition, PositionKeeper } from '../../../cli/replay/position.ts'
import { merged } from '../../../lib/operations/replay/merge.ts'
import { type Addressing, outgoing } from '../../../lib/operations/replay/outgoing.ts'
import type { Recorded } from '../../../lib/operations/replay/recorded.ts'
import { type Limits, periodOf, sequence } from '../../../lib/operations/replay/sequence.ts'
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import { producedRecord } from '../../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { collected } from './collected.ts'

const eventAt = (id: string, timeMs: number): Event => ({
  id,
  source: '/a',
  type: 't',
  subject: 's',
  time: new Date(timeMs).toISOString(),
})
const item = (line: number, paceMs: number | undefined): Recorded => ({
  line,
  paceMs,
  eventMs: paceMs,
  ...(paceMs === undefined ? {} : { event: eventAt(`e${line}`, paceMs) }),
})

async function* inGroups(...groups: readonly (readonly Recorded[])[]) {
  yield* groups
}

describe('merging by time', () => {
  const times = fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined }), { maxLength: 12 })
  const cut = (items: readonly Recorded[], size: number) =>
    inGroups(
      ...Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
        items.slice(at * size, (at + 1) * size),
      ),
    )

  test('each recording keeps its order, and no item precedes an earlier one of another recording', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(times, { maxLength: 4 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, size) => {
          const recordings = all.map((own, file) => own.map((time, at) => item(file * 100 + at, time)))
          const out = (await collected(merged(recordings.map(own => cut(own, size))))).flat()
          for (const [file, own] of recordings.entries())
            assert.deepEqual(
              out.filter(({ line }) => Math.floor(line / 100) === file),
              own,
            )
          const sorted = recordings.every(own =>
            own.every(({ paceMs }, at) => paceMs !== undefined && paceMs >= (own[at - 1]?.paceMs ?? 0)),
          )
          const paces = out.map(({ paceMs }) => paceMs ?? 0)
          if (sorted)
            assert.deepEqual(
              paces,
              paces.toSorted((a, b) => a - b),
            )
        },
      ),
    )
  })

  test('at one time, the recording that is named first comes first', async () => {
    const out = (
      await collected(merged([inGroups([item(1, 5), item(2, 7)]), inGroups([item(11, 5), item(12, 6)])]))
    ).flat()
    assert.deepEqual(
      out.map(({ line }) => line),
      [1, 11, 12, 2],
    )
  })

  test('given a recording that fails, then the others are closed', async () => {
    let isClosed = false
    const endless = async function* () {
      try {
        for (let line = 0; ; line++) yield [item(line, line)]
      } finally {
        isClosed = true
      }
    }
    const failing = async function* (): AsyncGenerator<readonly Recorded[]> {
      yield [item(1, 10)]
      throw new Error('broken')
    }
    await assert.rejects(collected(merged([endless(), failing()])), /broken/)
    assert.ok(isClosed)
  })
})

describe('rounds and limits', () => {
  const ALL: Limits = {
    loop: 1,
    periodMs: 100,
    limit: Number.POSITIVE_INFINITY,
    forMs: Number.POSITIVE_INFINITY,
    skip: 0,
  }
  const recording = [item(1, 10), item(2, 30), item(3, 20), item(4, 50)]
  const placed = async (limits: Partial<Limits>) =>
    (
      await collected(
        sequence(() => inGroups(recording.slice(0, 3), recording.slice(3)), { ...ALL, ...limits }),
      )
    )
      .flat()
      .map(({ line, roundMs, paceMs }) => [line, roundMs, paceMs])

  test('each round begins where the one before it ended, with its times', async () => {
    assert.deepEqual(await placed({ loop: 2 }), [
      [1, 0, 10],
      [2, 0, 30],
      [3, 0, 20],
      [4, 0, 50],
      [1, 100, 110],
      [2, 100, 130],
      [3, 100, 120],
      [4, 100, 150],
    ])
  })

  test('count and recorded time limit all rounds together', async () => {
    const forever = { loop: Number.POSITIVE_INFINITY }
    assert.equal((await placed({ ...forever, limit: 10 })).length, 10)
    assert.deepEqual((await placed({ ...forever, forMs: 115 })).at(-1), [1, 100, 110])
    assert.deepEqual(await placed({ limit: 1 }), [[1, 0, 10]])
  })

  test('whatever is passed over, the rest is the same, whether rounds are known or not', async () => {
    for (const limits of [{ loop: 5, limit: 18 }, { loop: 4, forMs: 330 }, { loop: 3 }]) {
      const all = await placed(limits)
      assert.ok(all.length > 8)
      for (let skip = 0; skip <= all.length; skip++)
        for (const known of [{}, { roundCount: 4, firstMs: 10 }])
          assert.deepEqual(await placed({ ...limits, skip, ...known }), all.slice(skip))
    }
  })

  test('a period is as long as the recording, and the gap to the next', () => {
    assert.equal(periodOf(90, 10), 100)
    assert.equal(periodOf(0, 1), 1_000)
    assert.equal(periodOf(0, 5), 1_000)
    assert.equal(periodOf(1, 1_000), 2)
  })
})

describe('what a round publishes', () => {
  const addressing: Addressing = { env: 'test', contentMode: 'binary', keepPartitions: false }
  const log = producedRecord('sluice.telemetry.readings.x', 's', eventAt('logged', 5_000))
  const record = { ...log, partition: 2, offset: 9, timestampMs: 7_000 }
  const both: Recorded[] = [
    item(1, 5_000),
    { line: 2, paceMs: 7_000, eventMs: 5_000, record, event: eventAt('logged', 5_000) },
  ]
  const inRounds = async (own: Partial<Addressing>, loop = 3) => {
    const limits = { loop, periodMs: 60_000, limit: 99, forMs: Number.POSITIVE_INFINITY, skip: 0 }
    const items = (await collected(sequence(() => inGroups(both), limits))).flat()
    return items.map(one => outgoing(one, { ...addressing, ...own }))
  }

  test('the first round is what was recorded, the others have ids and times of their own', async () => {
    const events = (await inRounds({})).map(one => readEvent(one) as Event)
    assert.deepEqual(
      events.slice(0, 2).map(({ id }) => id),
      ['e1', 'logged'],
    )
    assert.equal(new Set(events.map(({ id }) => id)).size, 6)
    assert.deepEqual(
      events.map(({ time }) => Date.parse(time ?? '')),
      [5_000, 5_000, 65_000, 65_000, 125_000, 125_000],
    )
    const again = (await inRounds({})).map(one => (readEvent(one) as Event).id)
    assert.deepEqual(
      again,
      events.map(({ id }) => id),
      'the same rounds give the same ids',
    )
    const whole = await inRounds({}, 1)
    assert.deepEqual([whole[1]?.value, whole[1]?.headers], [log.value, log.headers])
  })

  const carried = (one: { headers: readonly (readonly [string, Buffer | null])[] }) =>
    one.headers.filter(([name]) => name === 'sluice-logtime').map(([, value]) => String(value))

  test('the log time is that of the record, or of the latest event, moved with it', async () => {
    assert.deepEqual((await inRounds({ carryLogTime: true }, 2)).map(carried), [
      ['5000'],
      ['7000'],
      ['65000'],
      ['67000'],
    ])
    assert.deepEqual((await inRounds({})).flatMap(carried), [])
  })

  test('given a record that carries a time already, then that one is the original', () => {
    const headers = [...log.headers, ['sluice-logtime', Buffer.from('1000')] as const]
    const twice: Recorded = { line: 1, paceMs: 7_000, eventMs: undefined, record: { ...record, headers } }
    const made = outgoing(twice, { ...addressing, carryLogTime: true })
    assert.deepEqual(carried(made), ['1000'])
  })
})

describe('the place of a replay', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-replay-'))
  })
  after(() => rm(folder, { recursive: true }))

  const plan: ReplayPlan = {
    files: ['a.jsonl'],
    speed: 1,
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
  const own = { options: identityOf(plan, 'test'), sizes: [10] }

  test('given the same command, then it continues; given another, then it is refused', async () => {
    const path = join(folder, 'p.json')
    assert.equal(await loadPosition(path, 'p', own), undefined)
    const position = { ...own, shiftMs: 5, done: 7, isComplete: false }
    await new PositionKeeper(path, () => 0).save(position)
    assert.deepEqual(await loadPosition(path, 'p', own), position)
    const faster = { ...own, options: identityOf({ ...plan, speed: 9 }, 'test') }
    assert.deepEqual(await loadPosition(path, 'p', faster), position)
    const others = [
      { ...own, sizes: [11] },
      { ...own, options: identityOf({ ...plan, limit: 5 }, 'test') },
      { ...own, options: identityOf({ ...plan, loop: 5 }, 'test') },
      { ...own, options: identityOf({ ...plan, topic: 't' }, 'test') },
      { ...own, options: identityOf(plan, 'prod') },
    ]
    for (const other of others)
      await assert.rejects(
        loadPosition(path, 'p', other),
        /^CliFailure: p: it belongs to a replay of other files/,
      )
    await writeFile(path, '{}')
    await assert.rejects(loadPosition(path, 'p', own), /p: it is not the position of a replay/)
  })

  test('it is written when it was not written just now', async () => {
    const path = join(folder, 'q.json')
    let nowMs = 0
    const keeper = new PositionKeeper(path, () => nowMs)
    const doneAt = async (done: number) => {
      await keeper.note({ ...own, shiftMs: null, done, isComplete: false })
      return (await loadPosition(path, 'q', own))?.done
    }
    assert.equal(await doneAt(1), 1)
    nowMs = 499
    assert.equal(await doneAt(2), 1)
    nowMs = 500
    assert.equal(await doneAt(3), 3)
    await assert.rejects(
      new PositionKeeper(join(folder, 'no', 'p'), () => 0).save({
        ...own,
        shiftMs: null,
        done: 0,
        isComplete: false,
      }),
      /there is no such file or folder/,
    )
  })
})
