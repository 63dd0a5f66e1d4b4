import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import { completeStep } from '#runtime/consumer/process.ts'
import { type AnyKeyedProcess, CONSUMER_DEFAULTS } from '#runtime/pipeline/consumer.ts'
import { decodeRecords, Recount } from '#runtime/pipeline/recount.ts'
import { APPLICATION } from '../../../support/families.ts'
import { environmentReading, logRecord, TOPIC } from '../../../support/records.ts'

const COUNTING: AnyKeyedProcess = {
  name: 'counting',
  accepts: ['io.sluice.environment.reading.v1'],
  onEvent: state => completeStep('counted', ((state as number | undefined) ?? 0) + 1),
}
const CONSUMER = {
  ...CONSUMER_DEFAULTS,
  ...{ env: 'test', application: APPLICATION, failuresTo: APPLICATION.failuresTopic, process: COUNTING },
  emitters: new Map([[TOPIC, new Set(['mapping'])]]),
}
const ENTITY = '/environment/test-site s-1'

/** Decides each record in a chunk of its own. */
async function decisions(recount: Recount, ...records: readonly LogRecord[]): Promise<readonly string[]> {
  const all: string[] = []
  for (const record of records)
    for (const one of recount.decide(await decodeRecords([record], CONSUMER)))
      all.push(`${one.outcome}/${one.reason}`)
  return all
}

describe('a recount', () => {
  it('given an emission with the sequence of an earlier one, then it is a duplicate', async () => {
    const emission = (id: string, index: number) =>
      environmentReading(id, {
        extensions: { origin: 'mapping:c:t:0:x', sequence: `0.0000000000000001.0000000${index}` },
      })
    const records = [emission('a', 0), emission('b', 1), emission('c', 1)].map((event, offset) =>
      logRecord(offset, event),
    )
    const recount = new Recount(CONSUMER)
    assert.deepEqual(await decisions(recount, ...records), [
      'applied/counted',
      'applied/counted',
      'duplicate/not-higher',
    ])
    assert.equal(recount.state(ENTITY), 2)
  })

  it('given an id after its window, then it is applied again', async () => {
    const at = (offset: number, id: string, atMs: number) =>
      logRecord(offset, environmentReading(id, { at: atMs / 1_000 }), { timestampMs: START_MS + atMs })
    const recount = new Recount(CONSUMER)
    const minutes = Array.from({ length: 70 }, (_, minute) => at(minute + 1, `m${minute}`, minute * 60_000))
    await decisions(recount, at(0, 'a', 0), ...minutes)
    assert.deepEqual(await decisions(recount, at(80, 'm69', 70 * 60_000), at(81, 'a', 70 * 60_000)), [
      'failed/id-conflict',
      'applied/counted',
    ])
    assert.equal(recount.state(ENTITY), 72)
  })
})

const START_MS = Date.parse('2026-03-01T12:00:00Z')
