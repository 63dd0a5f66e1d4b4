import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import { Stage } from '#runtime/testing'
import { TOPICS } from '../../../lib/app/naming/topic-table.ts'
import { dlqEntry } from '../../../lib/failures/dead-letter-row.ts'
import {
  DeadLetterFold,
  type OpenDeadLetters,
  openDeadLetters,
  readDlqEntries,
  STORED_BOUNDS,
} from '../../../lib/failures/open-dead-letters.ts'
import { base64, deadLetterRecord, handledRecord } from '../../support/dead-letters.ts'
import { APPLICATION, FAMILIES, VOCABULARY } from '../../support/families.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')
const MINUTE_MS = 60_000
const KEPT_MS = TOPICS.dlq.keptDays * 86_400_000

/** A partition of the dlq topic, and the consumer that reads it. */
class Dlq {
  readonly stage: Stage
  readonly records: LogRecord[] = []
  #nowMs = START_MS

  constructor(process = openDeadLetters(KEPT_MS)) {
    this.stage = new Stage(readDlqEntries(APPLICATION, VOCABULARY), process, {}, 'dlq')
  }

  async append(...records: readonly LogRecord[]): Promise<OpenDeadLetters> {
    const placed = records.map((record, index) => {
      const offset = this.records.length + index
      return { ...record, topic: this.stage.topic, partition: 0, offset, timestampMs: this.#nowMs }
    })
    this.records.push(...placed)
    await this.stage.batch(placed)
    return this.state()
  }

  pass(ms: number): void {
    this.#nowMs += ms
  }

  async state(): Promise<OpenDeadLetters> {
    return ((await this.stage.state('/dlq 0')) ?? {
      next: 0,
      rows: [],
      newest: [],
      bytes: 0,
    }) as OpenDeadLetters
  }

  get offsets(): Promise<number[]> {
    return this.state().then(({ rows }) => rows.map(({ offset }) => offset))
  }
}

let ids = 0
const letter = (changes: object = {}, id = `l${ids++}`) => deadLetterRecord(changes, undefined, id)
const handled = (from: number, to: number, operation = 'o') =>
  handledRecord({
    action: 'redriven',
    by: 'ann',
    at: '2026-03-01T13:00:00Z',
    operation,
    ranges: [{ from, to }],
  })
const tick = () => deadLetterRecord({}, 'io.sluice.clock.tick.v1', `t${ids++}`)
/** Malformed in each way that a reader may meet. */
const POISON: readonly LogRecord[] = [
  letter({ consumer: undefined }),
  { ...letter(), value: Buffer.from('{"specversion":"1.0"') },
  { ...letter(), value: null },
  { ...letter(), value: Buffer.from('[]') },
  { ...letter(), headers: [] },
  { ...letter(), headers: [['ce_type', Buffer.from('io.sluice.dead-letter.v1')]], value: Buffer.from('{}') },
  { ...letter(), headers: [['ce_id', Buffer.of(0xff)]] },
  handledRecord({ action: 'redriven', ranges: 'all' }),
  deadLetterRecord({}, 'io.sluice.audit.v1'),
]

describe('the process of the open dead letters', () => {
  it('given dead letters, redrives and drops, then it keeps what is open, without bytes and messages', async () => {
    const dlq = new Dlq()
    await dlq.append(
      letter({ quarantined: true }),
      letter(),
      letter({ attempt: 3 }, 'l-3'),
      handled(1, 1),
      tick(),
    )
    const { rows, next } = await dlq.state()
    assert.deepEqual([rows.map(({ offset }) => offset), next], [[0, 2], 4])
    assert.deepEqual(rows[1], {
      kind: 'letter',
      offset: 2,
      writtenAtMs: START_MS,
      id: 'l-3',
      code: 'schema-violated',
      class: 'permanent',
      consumer: 'processor',
      topic: 'sluice.telemetry.readings.local',
      entity: '/environment/vienna roof-1',
      type: 'io.sluice.environment.reading.v1',
      attempt: 3,
      quarantined: false,
    })
    assert.doesNotMatch(JSON.stringify(rows), /must be number|temperature/)
    // A note can only be about dead letters before it.
    await dlq.append(handled(0, 99), letter())
    assert.deepEqual(await dlq.offsets, [6])
  })

  it('given unreadable records, then all are passed, and those that should be dead letters are listed', async () => {
    const dlq = new Dlq()
    await dlq.append(...POISON)
    assert.deepEqual(
      dlq.stage.events.map(({ data }) => data),
      [],
    )
    assert.ok(dlq.stage.outcomes.every(outcome => !outcome.startsWith('failed')))
    const { rows } = await dlq.state()
    assert.ok(rows.length >= 6, `${rows.length}`)
    assert.ok(rows.every(({ kind }) => kind === 'broken'))
  })

  it('given a copy of a dead letter, as a killed router writes it, then it is not another one', async () => {
    const dlq = new Dlq()
    await dlq.append(letter({}, 'same'), letter({}, 'same'))
    await dlq.append(letter({}, 'same'))
    assert.deepEqual(await dlq.offsets, [0])
    await dlq.append(handled(0, 0), letter({}, 'same'))
    assert.deepEqual(await dlq.offsets, [])
  })

  // Promise docs/failures.md#operators
  it('given a producer whose records all fail, then the table is bounded, and counts what has left it', async () => {
    const dlq = new Dlq()
    const most = STORED_BOUNDS.rows + 50
    for (let sent = 0; sent < most; sent += 205)
      await dlq.append(...Array.from({ length: 205 }, () => letter()))
    const { rows, left } = await dlq.state()
    assert.deepEqual([rows.length, left?.count, left?.before], [STORED_BOUNDS.rows, 50, 50])
    // Handling the dead letters that left is counted, too.
    await dlq.append(handled(10, 29))
    assert.equal((await dlq.state()).left?.count, 30)
    await dlq.append(handled(30, 5_000), handled(0, 9))
    assert.deepEqual([await dlq.offsets, (await dlq.state()).left], [[], undefined])
  })

  it('given a producer with the longest names, then the state stays below the limit of one entity', async () => {
    const dlq = new Dlq()
    const name = 'ü'.repeat(3_000)
    const headers = [
      ['ce_specversion', '1.0'],
      ['ce_id', '1'],
      ['ce_source', '/x'],
      ['ce_type', name],
      ['ce_subject', name],
    ].map(([header = '', value = '']) => ({ name: header, value: base64(value) }))
    const hostile = { consumer: name, errorType: name, originalTopic: name, originalHeaders: headers }
    for (let batch = 0; batch < 4; batch++)
      await dlq.append(...Array.from({ length: 50 }, () => letter(hostile, `${ids++}${name}`)))
    const state = await dlq.state()
    const bytes = Buffer.byteLength(JSON.stringify(state.rows))
    assert.ok(bytes <= STORED_BOUNDS.bytes + state.rows.length + 2, `${bytes}`)
    assert.equal(state.rows.length + (state.left?.count ?? 0), 200)
    assert.ok(dlq.stage.outcomes.every(outcome => !outcome.startsWith('failed')))
  })

  it('given dead letters that the topic does not keep any more, then they leave with the next record', async () => {
    const dlq = new Dlq(openDeadLetters(10 * MINUTE_MS))
    await dlq.append(letter())
    dlq.pass(5 * MINUTE_MS)
    await dlq.append(letter())
    dlq.pass(5 * MINUTE_MS)
    assert.deepEqual(await dlq.offsets, [0, 1])
    await dlq.append(letter())
    assert.deepEqual(await dlq.offsets, [1, 2])
    dlq.pass(20 * MINUTE_MS)
    await dlq.append(handled(9, 9))
    assert.deepEqual(await dlq.offsets, [])
  })

  it('given dead letters from before an upgrade that the topic no longer keeps, then they do not fail', async () => {
    const dlq = new Dlq()
    await dlq.append(letter())
    dlq.pass(2 * KEPT_MS)
    await dlq.append(letter(), tick())
    assert.deepEqual(await dlq.offsets, [1])
  })

  it('given records that a fold has had already, then they change nothing', async () => {
    const dlq = new Dlq()
    await dlq.append(letter(), letter(), handled(0, 0))
    const fold = new DeadLetterFold()
    for (const record of [...dlq.records, ...dlq.records]) fold.apply(dlqEntry(FAMILIES, record))
    assert.deepEqual(
      [...fold.rows].map(({ offset }) => offset),
      [1],
    )
    const again = dlq.records.map(record => ({ ...dlqEntry(FAMILIES, record), copyName: 'another' }))
    for (const entry of again) assert.equal(fold.apply(entry), 'known')
  })
})
