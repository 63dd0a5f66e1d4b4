import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { safeParse } from 'valibot'
import type { RedisClient } from '#runtime/operating/redis'
import { MemoryStateStore } from '#runtime/operating/replay'
import { computeCode } from '#runtime/pipeline'
import { BEFORE_LOG } from '#runtime/test/support/inside'
import { MemoryReplaceableStates } from '#runtime/test/support/memory-replaceable-states'
import { loadConsumer } from '../../../cli/recomputation/consumer.ts'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { getConsumerName, listConsumers } from '../../../control/environment/functions.ts'
import { listLivePartitions, requireDeployedVersion } from '../../../control/operations/recomputing/job.ts'
import { describeRebuilt } from '../../../control/operations/recomputing/rebuild-partitions.ts'
import { requireRoom } from '../../../control/operations/recomputing/size-limits.ts'
import { FROM, REPROCESS, resolveStart, type StartPosition } from '../../../control/operations/reprocess.ts'
import { resolveSignal } from '../../../control/operations/state-keys.ts'
import { computeCodeVersions } from '../../../infra/packaging/code-versions.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { golden } from '../../support/golden.ts'
import { Stage } from '../../support/stage.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const STATE = { consumer: 'alerting', topic: 'readings', partition: 1 }
const FACTS = {
  version: { epoch: 0, appliedOffset: -1, fired: 0 },
  clock: BEFORE_LOG,
  failuresFromMs: undefined,
  code: 'a',
}
const MINIMAL = { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1' }

describe('the topic that is reprocessed', () => {
  test('given every consumer of one topic, then its topic need not be named', () => {
    const single = readFunctions().filter(({ consumes }) => consumes.length === 1)
    assert.ok(single.length > 5)
    for (const entry of single)
      assert.equal(resolveSignal(readFunctions(), getConsumerName(entry), undefined), entry.consumes[0])
  })
})

describe('the consumer that is reprocessed', () => {
  test('given a sink, then it has no states that could be computed', async () => {
    for (const name of ['deliver', 'archiver', 'intake'])
      await assert.rejects(
        loadConsumer(name, { ...MINIMAL, HISTORY_BUCKET: 'none' }),
        /keeps no states of entities/,
      )
  })

  test('given any other consumer, then it is made from the settings, without a connection', async () => {
    const keyed = listConsumers(readFunctions()).filter(
      name => !/^(deliver|archiver|storage|intake)/.test(name),
    )
    assert.ok(keyed.length > 5)
    for (const name of keyed) {
      const consumer = await loadConsumer(name, { ...MINIMAL, SLUICE_ENV: 'lab', ID_WINDOW_SECONDS: '60' })
      assert.deepEqual([consumer.process.name, consumer.env, consumer.idWindowMs], [name, 'lab', 60_000])
    }
  })

  test('given a setting that is wrong, then it is named', async () => {
    await assert.rejects(loadConsumer('alerting', { ...MINIMAL, LOG_TIME: 'mine' }), /LOG_TIME/)
  })

  test('given the same sources, then its versions are the same, and others than those of another', async () => {
    const [one, again, other] = await Promise.all(
      ['alerting', 'alerting', 'activity'].map(name =>
        computeCodeVersions(`functions/${name}/handler.ts`, PROJECT),
      ),
    )
    assert.deepEqual(one, again)
    assert.ok(one && one.size > 0)
    for (const version of one) assert.match(version, /^[0-9a-f]{16}$/)
    assert.notDeepEqual(one, other)
  })
})

// Promise docs/reprocess.md#where-it-begins | A rebuild begins with the start or a time, and ignores the erasures of earlier versions.
describe('where a rebuild begins', () => {
  for (const [text, expected] of [
    ['start', { kind: 'start' }],
    ['2026-03-01T11:00:00Z', { kind: 'time', timeMs: NOON - 3_600_000 }],
    ['end', undefined],
  ] as const)
    test(`given --from ${text}`, () => {
      const { success, output } = safeParse(FROM.schema, text)
      assert.deepEqual(success ? output : undefined, expected)
    })

  const time: StartPosition = { kind: 'time', timeMs: NOON }
  for (const [given, from, bounds, found, expected] of [
    ['the start of a whole log', { kind: 'start' }, { start: 0, end: 9 }, undefined, 0],
    [
      'the start of a log whose first records have expired',
      { kind: 'start' },
      { start: 4, end: 9 },
      undefined,
      4,
    ],
    ['a time within the log', time, { start: 4, end: 9 }, 6, 6],
    ['a time before a whole log', time, { start: 0, end: 9 }, 0, 0],
    ['a time after the last record', time, { start: 4, end: 9 }, -1, 9],
    [
      'a time whose records have expired',
      time,
      { start: 4, end: 9 },
      4,
      /records from 2026-03-01T12.* have expired/,
    ],
  ] as const)
    test(`given ${given}`, () => {
      const atTime = found === undefined ? [] : [0, found]
      const start = () => resolveStart(from, STATE, { bounds: [{ start: 0, end: 0 }, bounds], atTime })
      if (expected instanceof RegExp) assert.throws(start, expected)
      else assert.equal(start(), expected)
    })
})

describe('the code that is deployed', () => {
  const { consumer } = new Stage()
  const live = (...codes: readonly (string | undefined)[]) =>
    codes.map((code, partition) => ({ state: { ...STATE, partition }, facts: { ...FACTS, code } }))
  const [mine, other] = [computeCode('a', consumer), computeCode('b', consumer)]
  for (const [given, codes, expected] of [
    ['partitions of these sources', [mine, mine], 'a'],
    [
      'one of other sources',
      [mine, computeCode('c', consumer)],
      /version c of the code.*has another version \(a, b\)/,
    ],
    ['two versions among them', [mine, other], /by two versions, a and b/],
    ['other settings', [computeCode('a', { ...consumer, idWindowMs: 1 })], /with other settings/],
    ['a partition that does not say it', [undefined], /does not contain the version of its code/],
  ] as const)
    test(`given ${given}`, () => {
      const version = () => requireDeployedVersion(live(...codes), new Set(['a', 'b']), consumer as never)
      if (expected instanceof RegExp) assert.throws(version, expected)
      else assert.equal(version(), expected)
    })

  test('given no state of any partition, then it asks whether the consumer is deployed', async () => {
    const live = new MemoryReplaceableStates(new MemoryStateStore())
    await assert.rejects(
      listLivePartitions(live, [STATE]),
      /alerting has no state of readings: check that it is deployed/,
    )
  })
})

describe('room for a rebuilt state', () => {
  const MIB = 1024 * 1024
  const createClient = (most: number, bytes = 4 * MIB) =>
    ({
      servers: async () => [
        {
          run: (command: (redis: unknown) => unknown) =>
            command({
              exists: async () => 1,
              info: async () => `# Memory\r\nused_memory:${10 * MIB}\r\nmaxmemory:${most}\r\n`,
            }),
        },
      ],
      run: (command: (redis: unknown) => unknown) =>
        command({
          memory: async (_: string, key: string) => (key.endsWith(':staged:states') ? MIB : bytes - MIB),
          hgetall: async () => ({ appliedOffset: '1' }),
          hlen: async () => 1,
        }),
      async *keys(pattern: string) {
        if (!pattern.includes(':staged')) yield '{alerting:readings:1}:meta'
        yield '{alerting:readings:1}:staged:states'
      },
    }) as unknown as RedisClient

  // Promise docs/reprocess.md#what-it-costs | It refuses a rebuild for which Redis has no room beside the state, and a dry run that is too large for its memory.
  test('given less than the rebuilt states take, then it refuses and says how much is missing', async () => {
    await assert.rejects(
      requireRoom(createClient(11 * MIB), [STATE], false),
      /1 MiB left of 11, and the rebuild of alerting on readings\/1 needs about 2/,
    )
  })

  test('given a state that is too large for the memory of a dry run, then it says what to do', async () => {
    await assert.rejects(
      requireRoom(createClient(0, 1026 * MIB), [STATE], true),
      /has 1025 MiB, .* up to 1024 MiB\. Nothing was changed: select smaller/,
    )
  })

  for (const [most, isTrial, expected] of [
    [12 * MIB, false, undefined],
    [0, false, /does not say how much memory it may use: it needs about 3 MiB more/],
    [0, true, undefined],
  ] as const)
    test(`given a limit of ${most} bytes${isTrial ? ' and a dry run' : ''}, then it continues`, async () => {
      const line = await requireRoom(createClient(most), [STATE], isTrial)
      if (expected) assert.match(line ?? '', expected)
      else assert.equal(line, undefined)
    })
})

test('plan and result are printed as the golden text says', () => {
  const rebuild = { startOffset: 3, from: 'start', code: 'a', dropsOlder: false, begunMs: 0 }
  const planned = { state: STATE, rebuild, nextOffset: 3, appliedOffset: 99 }
  const done = {
    ...{ ...STATE, startOffset: 0, appliedOffset: 9, epoch: 1, emitted: { 'a.fired': 2 }, older: 0 },
    passed: 0,
    expired: [{ fromOffset: 1, toOffset: 4 }],
  }
  const trial = [{ ...done, emitted: {}, older: 1, passed: 3, expired: [] }]
  const plan = { consumer: 'alerting', topic: 'readings', code: 'a', switched: [], job: {} }
  const unfinished = [{ ...STATE, bytes: 4_096 }]
  const describePlan = (of: object) =>
    REPROCESS.describe(of as Parameters<typeof REPROCESS.describe>[0]).join('\n')
  golden('reprocess', {
    plan: describePlan({ ...plan, partitions: [planned, { ...planned, nextOffset: 41 }], switched: [0, 2] }),
    'plan of a dry run': describePlan({ ...plan, partitions: [planned], trial }),
    'plan to abandon': describePlan({ consumer: 'alerting', topic: 'readings', unfinished }),
    result: describeRebuilt([done, { ...done, expired: [] }], false).join('\n'),
  })
})
