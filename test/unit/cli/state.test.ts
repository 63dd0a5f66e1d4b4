import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { confirm } from '../../../cli/state/confirm.ts'
import { judge, type Standing } from '../../../cli/state/other-log.ts'
import { entityReports, stateReport } from '../../../cli/state/report.ts'
import { slotsOf, topicOf } from '../../../cli/state/slots.ts'
import { durationText, entitiesText, stateText } from '../../../cli/state/text.ts'
import type { SlotDetails, SlotInspection } from '../../../lib/adapters/redis/inspection.ts'
import type { RememberedFailure, Slot, StoredTimer } from '../../../lib/pipeline/ports.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const TIMER: StoredTimer = { name: 'silence', dueMs: NOON, thresholdMs: 90_000, id: 'i', trace: {} }
const FAILURE: RememberedFailure = {
  id: 'f1',
  partition: 1,
  offset: 17,
  attempt: 2,
  digest: 'd',
  isOpen: true,
  firstFailedAt: '2026-03-01T11:00:00Z',
  failedAtMs: 1,
}
const DETAILS: SlotDetails = {
  mark: 41,
  version: { epoch: 2, mark: 41, fired: 0 },
  clock: { nowMs: 30_000, lastAppendMs: NOON, highestAppendMs: NOON },
  entities: 3,
  outbox: 2,
  tally: { 'applied/counted': 40, 'failed/rejected': 2 },
  timers: 4,
  nextTimer: { entity: '/a pump-1', timer: TIMER },
  oldestOutbox: '0.40.0',
  openFailures: [FAILURE],
  ids: 40,
}
const EMPTY: SlotDetails = {
  mark: -1,
  version: { epoch: 0, mark: -1, fired: 0 },
  clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
  entities: 0,
  outbox: 0,
  tally: {},
  timers: 0,
  nextTimer: undefined,
  oldestOutbox: undefined,
  openFailures: [],
  ids: 0,
}
const inspection = {
  details: async ({ partition }: Slot) => (partition === 1 ? DETAILS : EMPTY),
  summary: async ({ partition }: Slot) => (partition === 1 ? DETAILS : EMPTY),
  async *states({ partition }: Slot) {
    // Redis may give a field twice.
    if (partition === 1)
      for (const name of ['pump-1', 'pump-10', 'pump-1']) yield [`/a ${name}`, { count: 1 }]
  },
  timersOf: async (_: Slot, entity: string) => (entity === '/a pump-1' ? [TIMER] : []),
} as unknown as SlotInspection

const SLOTS = slotsOf({ consumer: 'processor', topic: 'readings' }, 'test', 2)

describe('which slots are meant', () => {
  test('a signal is a topic of the environment, and any other name is whole', () => {
    assert.equal(topicOf({ topic: 'failures' }, 'prod'), 'sluice.telemetry.failures.prod')
    assert.equal(topicOf({ topic: 'orders' }, 'prod'), 'orders')
  })

  test('all partitions that Kafka tells, else those of the table', () => {
    const wanted = { consumer: 'processor', topic: 'readings' }
    assert.equal(slotsOf(wanted, 'test', 24).length, 24)
    assert.equal(slotsOf(wanted, 'test', undefined).length, 12)
    assert.deepEqual(slotsOf({ ...wanted, topic: 'orders', partition: 7 }, 'test', undefined), [
      { consumer: 'processor', topic: 'orders', partition: 7 },
    ])
  })

  test('a partition that is not there, or a topic that nobody knows, is wrong usage', () => {
    const wanted = { consumer: 'processor', topic: 'readings', partition: 12 }
    assert.throws(() => slotsOf(wanted, 'test', undefined), {
      status: 2,
      message: /12 partitions, from 0 to 11/,
    })
    assert.throws(() => slotsOf({ consumer: 'c', topic: 'orders' }, 'test', undefined), {
      status: 2,
      message: /name one with --partition/,
    })
  })
})

describe('what is shown', () => {
  const bounds = [
    { start: 5, end: 9 },
    { start: 0, end: 50 },
  ]

  test('a line for each partition, with what waits and what is open', async () => {
    const report = await stateReport(inspection, SLOTS, bounds, true)
    assert.equal(
      stateText(report),
      `State of processor on sluice.telemetry.readings.test

PARTITION  MARK  LAG  EPOCH  ENTITIES  IDS  OUTBOX  FAILURES  TIMERS  LOG CLOCK  AS OF
        0  none    4      0         0    0       0         0       0   00:00:00  -
        1    41    8      2         3   40       2         1       4   00:00:30  2026-03-01T12:00:00.000Z

Next timers:
  partition 1: /a pump-1: silence due 2026-03-01T12:00:00.000Z, fires when the log has moved on by more than 00:01:00

Waiting to be published, by the next batch of the partition:
  partition 1: 2, the oldest at 0.40.0

PARTITION  OFFSET  ATTEMPT  SINCE                 FAILURE
        1      17        2  2026-03-01T11:00:00Z  f1

Decided so far: 40 applied/counted, 2 failed/rejected
`,
    )
  })

  for (const columns of [40, 60, 80, 100, 120])
    test(`at ${columns} columns no line of the table is wider, and the mark is shown`, async () => {
      const text = stateText(await stateReport(inspection, SLOTS, bounds, false), columns)
      const [, table = ''] = text.split('\n\n')
      for (const line of table.split('\n')) assert.ok(line.length <= columns, line)
      assert.match(table, /MARK/)
      assert.match(text, /\b41\b/)
    })

  test('failures only where they are asked for', async () => {
    const report = await stateReport(inspection, SLOTS, bounds, false)
    assert.doesNotMatch(stateText(report), /FAILURE\n/)
    assert.equal(report.partitions[1]?.openFailures, 1)
  })

  test('without Kafka, all but the lag', async () => {
    const report = await stateReport(inspection, SLOTS, 'away', false)
    assert.deepEqual(
      report.partitions.map(({ lag, mark }) => [lag, mark]),
      [
        [null, -1],
        [null, 41],
      ],
    )
    assert.match(stateText(report), /Kafka does not answer, so lags are not known/)
  })

  test('an entity by its whole subject, or all that a part matches, each once', async () => {
    const names = async (wanted: string) =>
      (await entityReports(inspection, SLOTS, wanted)).map(({ entity }) => entity)
    assert.deepEqual(await names('pump'), ['/a pump-1', '/a pump-10'])
    assert.deepEqual(await names('pump-1'), ['/a pump-1'])
    assert.deepEqual(await names('valve'), [])
    assert.equal(
      entitiesText(await entityReports(inspection, SLOTS, 'pump-1')),
      `/a pump-1 (partition 1)
{
  "count": 1
}
timer silence due 2026-03-01T12:00:00.000Z, fires when the log has moved on by more than 00:01:00
`,
    )
  })

  test('durations of days', () => {
    assert.equal(durationText(93_784_999), '1d 02:03:04')
  })
})

describe('what cannot be taken back', () => {
  const asked = (answer: string, isSure = false, isTTY = true) => {
    const stdin = Object.assign(Readable.from([Buffer.from(answer)]), { isTTY })
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const stop = new AbortController().signal
    return confirm('Drop it?', isSure, { stdin, stdout, stderr, stop, environment: {}, folder: '.' })
  }

  test('happens after a yes, or where the caller is sure', async () => {
    for (const answer of ['y\n', 'Yes\n']) await asked(answer)
    await asked('', true, false)
  })

  test('does not after anything else, nor where nobody can be asked', async () => {
    for (const answer of ['n\n', '\n', 'yesterday\n', ''])
      await assert.rejects(asked(answer), { status: 1, message: 'Nothing was changed.' })
    await assert.rejects(asked('y\n', false, false), { status: 2, message: /without a terminal .* --yes/ })
  })
})

describe('whether a checkpoint belongs to the log', () => {
  const at = (mark: number) => ({
    version: { epoch: 0, mark, fired: 0 },
    clock: { nowMs: 0, lastAppendMs: mark < 0 ? undefined : NOON, highestAppendMs: undefined },
  })
  const log = (start: number, end: number, appendedAtMs?: number): Standing => ({ start, end, appendedAtMs })

  const cases: [
    what: string,
    checkpoint: ReturnType<typeof at>,
    log: Standing,
    expected: RegExp | undefined,
  ][] = [
    ['the same record at the mark', at(41), log(0, 50, NOON), undefined],
    ['a newer record', at(41), log(0, 50, NOON + 1), /^another: .* appended at 2026-03-01T12:00:00\.001Z/],
    ['an older record', at(41), log(0, 50, NOON - 1), /^another: .* appended at 2026-03-01T11:59:59\.999Z/],
    ['no record at the mark', at(41), log(0, 50), /^another: .* no record/],
    ['a shorter log', at(41), log(0, 41), /^another: the log ends at offset 41/],
    ['no topic', at(41), 'no-topic', /^another: Kafka has no such topic/],
    ['no Kafka', at(41), 'away', /^warning: .* not checked/],
    ['a log that begins right after the mark', at(41), log(42, 50), undefined],
    ['a log that begins later', at(41), log(45, 50), /^warning: .* 42 to 44 has expired/],
    ['nothing decided yet', at(-1), log(0, 50), undefined],
  ]
  for (const [what, checkpoint, standing, expected] of cases)
    test(`given ${what}, then ${expected ? 'it says so' : 'it does'}`, () => {
      const { another, warning } = judge(checkpoint, standing)
      const said = another ? `another: ${another}` : warning ? `warning: ${warning}` : undefined
      if (expected) assert.match(said ?? '', expected)
      else assert.equal(said, undefined)
    })
})
