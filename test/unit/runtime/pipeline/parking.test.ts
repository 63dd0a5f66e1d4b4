/** Order for an entity of which an event is retried. Random schedules are in `parking.property.test.ts`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heldNow } from '../../../../lib/queries/outcomes.ts'
import type { LogRecord } from '../../../../lib/runtime/cloudevents/record.ts'
import type { Event } from '../../../../lib/runtime/consumer/event.ts'
import type { FailureData } from '../../../../lib/runtime/consumer/failure-event.ts'
import type { Parking } from '../../../../lib/runtime/consumer/parking.ts'
import { decided, type KeyedProcess, rejected } from '../../../../lib/runtime/consumer/process.ts'
import { NOTHING_WANTED } from '../../../../lib/runtime/testing/wanted.ts'
import { READING_TYPES } from '../../../../lib/telemetry/families.ts'
import { TICK_TYPE, tick } from '../../../../lib/telemetry/tick.ts'
import { erasing } from '../../../support/erasures.ts'
import { failureEnded, nextAttempt } from '../../../support/parking.ts'
import { logRecord, environmentReading as reading } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'
const STALE_MS = 120_000
/** A little more than a parked reading takes. */
const PARKED_READING_BYTES = 540

type Seen = { readonly ids: readonly string[] }

/** Lists the events of an entity, and says when nothing came for two minutes. Throws at some, and refuses others. */
function listing(mood: Mood, parking?: Parking): KeyedProcess<Seen> {
  return {
    name: 'listing',
    accepts: READING_TYPES,
    ...(parking && { parking }),
    onEvent(state, { id, timeMs, entity }) {
      if (mood.throwsAt.has(id)) throw new Error('not yet')
      if (mood.refuses.has(id)) return rejected('never')
      const ids = [...(state?.ids ?? []), id]
      const emission = {
        to: 'events',
        key: entity,
        type: 'test.seen',
        source: '/listing',
        data: { ids },
      } as const
      const stale = { name: 'stale', dueMs: timeMs + STALE_MS }
      return decided('listed', { ids }, [{ name: 'seen', ...emission }], [stale])
    },
    onTimer: ({ ids }) => decided('stale', { ids: [...ids, 'stale'] }),
  }
}

interface Mood {
  readonly throwsAt: Set<string>
  readonly refuses: Set<string>
}

/** A log that is appended to record by record, a second apart, and a consumer of it. */
class Log {
  readonly mood: Mood = { throwsAt: new Set(), refuses: new Set() }
  readonly stage: Stage
  #offset = 0
  #timestampMs = Date.parse('2026-03-01T13:00:00Z')

  constructor(parking: Parking | undefined = {}) {
    this.stage = new Stage(listing(this.mood, parking) as KeyedProcess<never>)
  }

  async append(...contents: readonly (Event | ((at: number, ms: number) => LogRecord))[]): Promise<string[]> {
    const before = this.stage.outcomes.length
    for (const content of contents) {
      this.#timestampMs += 1000
      const place = { timestampMs: this.#timestampMs, topic: this.stage.topic }
      const record =
        typeof content === 'function'
          ? content(this.#offset, this.#timestampMs)
          : logRecord(this.#offset, content, place)
      this.#offset += 1
      await this.stage.batch([record])
    }
    return this.stage.outcomes.slice(before)
  }

  async pass(ms: number): Promise<string[]> {
    const outcomes: string[] = []
    for (let passed = 0; passed < ms; passed += 60_000) {
      this.#timestampMs += 59_000
      outcomes.push(...(await this.append(tick(0, '2026-03-01T12:00:00Z'))))
    }
    return outcomes.filter(outcome => outcome !== 'ignored/tick')
  }

  again =
    (at = -1) =>
    (offset: number, timestampMs: number) =>
      nextAttempt(this.failure(at), offset, timestampMs)

  failure(at = -1): FailureData {
    const failures = this.stage.events.filter(({ type }) => type === 'io.sluice.failure.v1')
    return failures.at(at)?.data as FailureData
  }

  async ids(): Promise<readonly string[] | undefined> {
    return ((await this.stage.state(ENTITY)) as Seen | undefined)?.ids
  }

  async parkedBytes(): Promise<number> {
    return (await this.stage.store.load(this.stage.stateKey(), NOTHING_WANTED)).parkedBytes
  }

  get now() {
    return heldNow(Object.fromEntries(this.stage.store.tally(this.stage.stateKey())))
  }
}

/** A log on which `a` has been listed, `b` has failed, and `c` and `d` came after it. */
async function heldLog(parking?: Parking): Promise<Log> {
  const log = new Log(parking)
  log.mood.throwsAt.add('b')
  await log.append(
    reading('a', { at: 0 }),
    reading('b', { at: 1 }),
    reading('c', { at: 2 }),
    reading('d', { at: 3 }),
  )
  return log
}

describe('given an event that fails and is retried', () => {
  it('when events of its entity follow, then they are parked, and its failure record says so', async () => {
    const log = await heldLog()
    assert.deepEqual(log.stage.outcomes, [
      'applied/listed',
      'failed/unexpected-error',
      'parked/entity-held',
      'parked/entity-held',
    ])
    assert.equal(log.failure().parks, true)
    assert.deepEqual(await log.ids(), ['a'])
    assert.deepEqual(log.now, { held: 1, parked: 2 })
  })

  it('when its consumer does not park, then they are applied before it', async () => {
    const log = new Log()
    log.stage.consumer = { ...log.stage.consumer, process: listing(log.mood) as never }
    log.mood.throwsAt.add('b')
    await log.append(reading('b', { at: 1 }), reading('c', { at: 2 }))
    assert.equal(log.failure().parks, false)
    assert.deepEqual(await log.ids(), ['c'])
  })

  it('when events of another entity follow, then they are applied', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.append(reading('x', { sensor: 's-2', at: 5 })), ['applied/listed'])
  })

  it('when it is rejected for good, then nothing waits for it', async () => {
    const log = new Log()
    log.mood.refuses.add('b')
    assert.deepEqual(await log.append(reading('b'), reading('c', { at: 1 })), [
      'failed/rejected',
      'applied/listed',
    ])
    assert.equal(log.failure().parks, false)
  })

  it('when its retry succeeds, then the parked ones follow it before the next record, in their first order', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    assert.deepEqual(await log.append(log.again()), ['applied/listed'])
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-applied/listed',
      'parked-applied/listed',
      'applied/listed',
    ])
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual(log.now, { held: 0, parked: 0 })
  })

  it('when its retry succeeds, then the sequence of what is emitted still ascends', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    await log.append(log.again(), reading('e', { at: 4 }))
    const sequences = log.stage.events.map(({ extensions }) => extensions?.sequence as string)
    assert.deepEqual(sequences, [...sequences].sort())
    assert.equal(new Set(sequences).size, sequences.length)
  })

  it('when its retry fails again, then the entity stays held, until one succeeds', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.append(log.again()), ['failed/unexpected-error'])
    assert.deepEqual([log.failure().attempt, log.failure().parks], [2, true])
    assert.deepEqual(log.now, { held: 1, parked: 2 })
    log.mood.throwsAt.clear()
    await log.append(log.again(), reading('e', { at: 4 }))
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e'])
  })

  it('when its retry fails for good, then the parked ones are applied without it', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    log.mood.refuses.add('b')
    await log.append(log.again(), reading('e', { at: 4 }))
    assert.equal(log.failure().parks, false)
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
  })

  it('when it is dead-lettered, then the parked ones are applied without it', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.append(failureEnded(log.failure())), ['applied/failure-ended'])
    await log.append(reading('e', { at: 4 }))
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
  })

  it('when the failure of another consumer is ended, or its own again, then that is ignored', async () => {
    const log = await heldLog()
    const other = failureEnded({ ...log.failure(), consumer: 'another' })
    const own = failureEnded(log.failure())
    assert.deepEqual(await log.append(other, own, own), [
      'ignored/failure-ended',
      'applied/failure-ended',
      'parked-applied/listed',
      'parked-applied/listed',
      'ignored/failure-ended',
    ])
  })
})

describe('given a held entity', () => {
  it('when time passes, then its timers do not fire, and are where they would have been after it', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.pass(5 * 60_000), [])
    log.mood.throwsAt.clear()
    await log.append(log.again())
    // The timer that `d` has set is long past, and the events before it have moved it on.
    assert.deepEqual(await log.pass(60_000), [
      'parked-applied/listed',
      'parked-applied/listed',
      'timer/stale',
    ])
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'stale'])
  })

  it('when a timer lies between two parked events, then it fires between them', async () => {
    const log = new Log()
    log.mood.throwsAt.add('a')
    await log.append(reading('a', { at: 0 }), reading('b', { at: 1 }))
    await log.pass(4 * 60_000)
    await log.append(reading('c', { at: 240 }))
    log.mood.throwsAt.clear()
    await log.append(log.again())
    await log.pass(60_000)
    assert.deepEqual(await log.ids(), ['a', 'b', 'stale', 'c'])
  })

  it('when more come than may be parked, then they are applied in order before the one beyond', async () => {
    const log = await heldLog({ most: 2 })
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'timer/parking-full',
      'parked-applied/listed',
      'parked-applied/listed',
      'applied/listed',
    ])
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
    log.mood.throwsAt.clear()
    assert.deepEqual(await log.append(log.again()), ['applied/listed'])
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e', 'b'])
  })

  it('when they take more bytes than may be parked, then they are applied in order before the one beyond', async () => {
    const log = await heldLog({ bytes: 2_000 })
    await log.append(reading('e', { at: 4 }), reading('f', { at: 5 }))
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e', 'f'])
  })

  it('when all entities together park too many bytes, then those of the last one are applied', async () => {
    const log = await heldLog({ partitionBytes: 3 * PARKED_READING_BYTES })
    log.mood.throwsAt.add('x')
    const others = ['x', 'y', 'z'].map((id, at) => reading(id, { sensor: 's-2', at: 5 + at }))
    assert.deepEqual(await log.append(...others), [
      'failed/unexpected-error',
      'parked/entity-held',
      'timer/parking-full',
      'parked-applied/listed',
      'applied/listed',
    ])
    assert.deepEqual(log.now, { held: 1, parked: 2 })
  })

  for (const [what, released] of Object.entries({
    'when it is released, then what it has parked no longer counts': (log: Log) => {
      log.mood.throwsAt.clear()
      return [log.again()]
    },
    'when a parked event fails in its turn, then only those that still wait count': (log: Log) => {
      log.mood.throwsAt.clear()
      log.mood.throwsAt.add('c')
      return [log.again()]
    },
    'when it is erased, then what it has parked no longer counts': () => [
      erasing({ source: '/environment/test-site', subject: 's-1' }),
    ],
  }))
    it(`${what} for the partition`, async () => {
      const log = await heldLog({ partitionBytes: 2 * PARKED_READING_BYTES })
      const contents = released(log)
      log.mood.throwsAt.add('x')
      const others = ['x', 'y'].map((id, at) => reading(id, { sensor: 's-2', at: 5 + at }))
      assert.equal((await log.append(...contents, ...others)).at(-1), 'parked/entity-held')
      const parkedBytes = (await log.parkedBytes()) / PARKED_READING_BYTES
      assert.equal(Math.ceil(parkedBytes), log.now.parked)
    })

  it('when they are parked for too long, then they are applied, and its retry comes late', async () => {
    const log = await heldLog({ forMs: 3 * 60_000 })
    assert.deepEqual(await log.pass(5 * 60_000), [
      'timer/parking-time',
      'parked-applied/listed',
      'parked-applied/listed',
      'timer/stale',
    ])
    log.mood.throwsAt.clear()
    await log.append(log.again())
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'stale', 'b'])
  })

  it('when nothing is parked, then the bound in time ends the hold all the same', async () => {
    const log = new Log({ forMs: 60_000 })
    log.mood.throwsAt.add('a')
    await log.append(reading('a'))
    assert.deepEqual(await log.pass(3 * 60_000), ['timer/parking-time'])
    assert.deepEqual(log.now, { held: 0, parked: 0 })
  })

  it('when a parked event fails in its turn, then those behind it wait for it, in order', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    log.mood.throwsAt.add('c')
    await log.append(log.again())
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-failed/unexpected-error',
      'parked/entity-held',
    ])
    assert.deepEqual([log.failure().originalOffset, log.failure().attempt, log.failure().parks], [2, 1, true])
    log.mood.throwsAt.clear()
    await log.append(log.again(), reading('f', { at: 5 }))
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e', 'f'])
    assert.deepEqual(log.now, { held: 0, parked: 0 })
  })

  it('when a parked event is rejected in its turn, then its redrive is accepted', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    log.mood.refuses.add('c')
    await log.append(log.again(), reading('e', { at: 4 }))
    log.mood.refuses.clear()
    assert.deepEqual(await log.append(log.again(), log.again()), [
      'applied/listed',
      'duplicate/attempt-known',
    ])
    assert.deepEqual(await log.ids(), ['a', 'b', 'd', 'e', 'c'])
  })

  it('when the event that failed or a parked one is sent again, then that is a duplicate', async () => {
    const log = await heldLog()
    const again = [reading('b', { at: 1 }), reading('c', { at: 2 })]
    assert.deepEqual(await log.append(...again), ['duplicate/id-known', 'duplicate/id-known'])
    log.mood.throwsAt.clear()
    await log.append(log.again())
    assert.deepEqual((await log.append(...again)).slice(2), ['duplicate/id-known', 'duplicate/id-known'])
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd'])
  })

  it('when its failure has ended, then the same event is tried again, as without parking', async () => {
    const log = await heldLog()
    await log.append(failureEnded(log.failure()))
    log.mood.throwsAt.clear()
    assert.deepEqual((await log.append(reading('b', { at: 1 }), log.again())).slice(2), [
      'applied/listed',
      'duplicate/id-known',
    ])
  })

  it('when a dead letter of it is redriven, then that waits behind the parked ones, and once', async () => {
    const log = new Log()
    log.mood.refuses.add('a')
    log.mood.throwsAt.add('b')
    await log.append(reading('a', { at: 0 }), reading('b', { at: 1 }), reading('c', { at: 2 }))
    log.mood.refuses.clear()
    assert.deepEqual(await log.append(log.again(0), log.again(0)), [
      'parked/entity-held',
      'duplicate/attempt-known',
    ])
    log.mood.throwsAt.clear()
    await log.append(log.again(1), reading('d', { at: 3 }), log.again(0))
    assert.deepEqual(await log.ids(), ['b', 'c', 'a', 'd'])
    assert.equal(log.stage.outcomes.at(-1), 'duplicate/attempt-known')
  })

  it('when such a redrive fails in its turn, then its next attempt is accepted, and nothing waits for it', async () => {
    const log = new Log()
    log.mood.refuses.add('a')
    log.mood.throwsAt.add('b')
    await log.append(reading('a', { at: 0 }), reading('b', { at: 1 }), log.again(0))
    log.mood.throwsAt.clear()
    await log.append(log.again(1), reading('c', { at: 2 }))
    assert.deepEqual([log.failure().attempt, log.failure().parks], [2, false])
    log.mood.refuses.clear()
    await log.append(log.again())
    assert.deepEqual(await log.ids(), ['b', 'c', 'a'])
  })

  it('when a retry cannot be decoded, then the parked ones are applied without it', async () => {
    const log = await heldLog()
    log.stage.consumer = { ...log.stage.consumer, earliestTimeMs: Date.parse('2026-03-01T12:00:02Z') }
    assert.deepEqual(await log.append(log.again()), ['failed/time-too-early'])
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-applied/listed',
      'parked-applied/listed',
      'applied/listed',
    ])
  })

  it('when a parked event cannot be decoded in its turn, then it fails, and its redrive is accepted', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    const before = log.stage.consumer
    await log.append(log.again())
    log.stage.consumer = { ...before, earliestTimeMs: Date.parse('2026-03-01T12:00:03Z') }
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-failed/time-too-early',
      'parked-applied/listed',
      'applied/listed',
    ])
    log.stage.consumer = before
    await log.append(log.again())
    assert.deepEqual(await log.ids(), ['a', 'b', 'd', 'e', 'c'])
  })

  it('when later code has stored its state, then the partition waits, and parks nothing', async () => {
    const log = await heldLog()
    const newer = { ...listing(log.mood, {}), version: 2, migrate: (old: unknown) => old as Seen }
    log.mood.throwsAt.clear()
    log.stage.consumer = { ...log.stage.consumer, process: newer as never }
    await log.append(log.again())
    log.stage.consumer = { ...log.stage.consumer, process: listing(log.mood, {}) as never }
    await log.append(reading('e', { at: 4 }))
    assert.equal(log.stage.observer.waits.at(-1)?.reason, 'state-newer-than-code')
    log.stage.consumer = { ...log.stage.consumer, process: newer as never }
    await log.append(reading('f', { at: 5 }))
    assert.deepEqual(await log.ids(), ['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('when a tick of its own entity comes, then that is ignored, and an event that sets a context sets it', async () => {
    const log = await heldLog()
    const accepting = {
      ...listing(log.mood, {}),
      accepts: [...READING_TYPES, TICK_TYPE],
      context: {
        setBy: 'test.context',
        initial: 0,
        read: (data: unknown) => ({ kind: 'context', context: data }),
        reasons: { changed: 'set', unchanged: 'kept' },
      },
    }
    log.stage.consumer = { ...log.stage.consumer, process: accepting as never }
    const own = { source: '/environment/test-site', subject: 's-1' }
    assert.deepEqual(
      await log.append(
        { ...tick(0, '2026-03-01T12:00:00Z'), ...own },
        { ...own, id: 'x', type: 'test.context', data: 1 },
      ),
      ['ignored/tick', 'applied/set'],
    )
    assert.deepEqual(log.now, { held: 1, parked: 2 })
  })

  it('when an id comes with other content, then that conflicts with a parked event', async () => {
    const log = await heldLog()
    assert.deepEqual(await log.append(reading('c', { at: 2, temperature: 1 })), ['failed/id-conflict'])
  })

  it('when it is erased, then its parked events are, too', async () => {
    const log = await heldLog()
    const outcomes = await log.append(erasing({ source: '/environment/test-site', subject: 's-1' }))
    assert.deepEqual(outcomes, ['parked-erased/erased', 'parked-erased/erased', 'applied/erased'])
    assert.deepEqual(await log.append(reading('e', { at: 4 })), ['applied/listed'])
    assert.deepEqual(await log.ids(), ['e'])
    assert.deepEqual(log.now, { held: 0, parked: 0 })
    const { states, timers } = log.stage.store.copyOf(log.stage.stateKey()) as Record<
      string,
      Map<string, unknown>
    >
    assert.deepEqual([[...(states?.keys() ?? [])], [...(timers?.keys() ?? [])]], [[ENTITY], [ENTITY]])
  })

  it('when its first event fails, and it is erased, then there was something to erase', async () => {
    const log = new Log()
    log.mood.throwsAt.add('a')
    await log.append(reading('a'))
    assert.deepEqual(await log.append(erasing({ source: '/environment/test-site', subject: 's-1' })), [
      'applied/erased',
    ])
  })

  it('when a patch makes its event one of another entity, then it is released all the same', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    const patched = (offset: number, timestampMs: number) => {
      const record = log.again()(offset, timestampMs)
      const headers = record.headers.map(([name, value]) =>
        name === 'ce_subject' ? ([name, Buffer.from('s-9')] as const) : ([name, value] as const),
      )
      const replaces = log.stage.store.copyOf(log.stage.stateKey()) as {
        failures: Map<string, { digest: string }>
      }
      const digest = [...replaces.failures.values()][0]?.digest as string
      return { ...record, headers: [...headers, ['sluice-redrive-replaces', Buffer.from(digest)] as const] }
    }
    assert.deepEqual(await log.append(patched), ['applied/listed'])
    await log.append(reading('e', { at: 4 }))
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
  })

  it('when the next version of the code does not park, then its next event ends the hold', async () => {
    const log = await heldLog()
    log.stage.consumer = { ...log.stage.consumer, process: listing(log.mood) as never }
    await log.append(reading('e', { at: 4 }))
    assert.deepEqual(await log.ids(), ['a', 'c', 'd', 'e'])
    assert.deepEqual(log.now, { held: 0, parked: 0 })
  })

  it('when the next version of the code does not accept a parked event, then it is ignored', async () => {
    const log = await heldLog()
    log.mood.throwsAt.clear()
    await log.append(log.again())
    const process = { ...listing(log.mood, {}), accepts: ['another.type'] }
    log.stage.consumer = { ...log.stage.consumer, process: process as never }
    assert.deepEqual(await log.append(reading('e', { at: 4 })), [
      'parked-ignored/not-mine',
      'parked-ignored/not-mine',
      'ignored/not-mine',
    ])
  })
})
