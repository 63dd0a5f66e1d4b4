import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { LambdaObserver } from '../../../lib/adapters/lambda/observer.ts'
import { telemetryOf } from '../../../lib/adapters/lambda/telemetry.ts'
import { decided, type KeyedProcess, rejected } from '../../../lib/domain/process.ts'
import { READING_TYPES } from '../../../lib/domain/telemetry/families.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

// Powertools then writes to the global console, where the test can listen.
process.env.POWERTOOLS_DEV = 'true'
process.env.POWERTOOLS_METRICS_DISABLED = 'false'

/** What the function would write to its log, line by line. */
async function logOf(work: (observer: LambdaObserver) => Promise<void>): Promise<Record<string, unknown>[]> {
  const lines: string[] = []
  const { logger, metrics } = telemetryOf('tested')
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    mock.method(console, method, (line: string) => void lines.push(line))
  try {
    const observer = new LambdaObserver(logger, metrics)
    await work(observer)
    observer.flush()
  } finally {
    mock.restoreAll()
  }
  return lines.map(line => JSON.parse(line))
}

describe('what a function writes to its log', () => {
  it('given many records that fail alike, then one line tells of them, with the first one and the count', async () => {
    const log = await logOf(async observer => {
      const poison = Array.from({ length: 50 }, (_, offset) =>
        record(offset, { value: Buffer.from('SECRET') }),
      )
      await new Stage(undefined, { observer }).batch(poison)
    })
    const complaints = log.filter(line => line.level === 'WARN')
    assert.equal(complaints.length, 1)
    assert.deepEqual(
      [complaints[0]?.code, complaints[0]?.offset, complaints[0]?.records],
      ['not-a-cloudevent', 0, 50],
    )
  })

  it('given any outcome, then it is counted once for each reason', async () => {
    const log = await logOf(async observer => {
      const stage = new Stage(undefined, { observer })
      await stage.batch([
        record(0, reading('a')),
        record(1, reading('a')),
        record(0, reading('b'), { partition: 1 }),
      ])
    })
    const counted = log
      .filter(line => '_aws' in line)
      .map(({ reason, applied, duplicate, strayed }) => [reason, applied ?? duplicate ?? strayed])
    assert.deepEqual(counted.sort(), [
      // Neither partition is the one of their key: counted for each, and said once.
      ['another-partitioner', 3],
      ['counted', 2],
      ['id-known', 1],
    ])
    assert.equal(log.filter(line => line.level === 'ERROR').length, 1)
  })

  it('given payloads and what a consumer says of them, then none of it is in the log', async () => {
    const talkative = {
      name: 'talkative',
      accepts: READING_TYPES,
      onEvent: (_: unknown, { id }: { id: string }) => {
        if (id === 'throws') throw new Error('cannot take SECRET')
        return rejected('SECRET is not wanted')
      },
    }
    const log = await logOf(async observer => {
      const stage = new Stage(talkative as never, { observer })
      await stage.batch([
        record(0, reading('throws')),
        record(1, reading('refused')),
        record(2, { value: Buffer.from('SECRET') }),
      ])
    })
    assert.equal(log.filter(line => line.level === 'WARN').length, 3)
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
    assert.match(
      String(log.find(line => line.code === 'unexpected-error')?.place),
      /^at .*observer\.test\.ts/,
    )
  })

  it('given what a consumer says of a timer, or a sink of an event, then none of it is in the log', async () => {
    const said = { retry: 'SECRET is busy' }
    const sink = { name: 'bell', accepts: READING_TYPES, deliver: async () => [said] }
    const alarmed: KeyedProcess<{ at: number }> = {
      name: 'alarmed',
      accepts: READING_TYPES,
      onEvent: (_, { timeMs }) => decided('set', { at: timeMs }, [], [{ name: 't', dueMs: timeMs + 1 }]),
      onTimer: () => rejected('SECRET is not wanted'),
    }
    const log = await logOf(async observer => {
      await new Stage(sink, { observer }).batch([record(0, reading('a'))])
      const stage = new Stage(alarmed as KeyedProcess<never>, { observer })
      await stage.batch([record(0, reading('a')), record(1, reading('b', { at: 60 }))])
    })
    const codes = log.map(({ code }) => code)
    assert.ok(codes.includes('not-accepted') && codes.includes('timer-failed'))
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })
})
