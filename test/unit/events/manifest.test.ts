import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { OutgoingRecord } from '#runtime/cloudevents'
import type { KafkaEvent } from '#runtime/pipeline'
import { buildOutgoingRecord } from '../../../control/recordings/replay/outgoing-record.ts'
import { openSource } from '../../../control/recordings/replay/recording-file.ts'
import { loadRules } from '../../../lib/alerting/adapters/load-rules.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { createStatistics } from '../../../lib/analytics/processor.ts'
import { FAMILIES, VOCABULARY } from '../../support/families.ts'
import { Bench, type Counts, MemoryTopic } from './support.ts'

interface Alerts {
  readonly fired: Counts
  readonly resolved: Counts
}

interface Manifest {
  readonly streams: Record<
    string,
    {
      readonly events: number
      readonly applied: number
      readonly duplicates: number
      readonly duplicatesWhenReplayedAgain: number
      readonly entities: number
      readonly alerts: Alerts
      /** Where not all of it is applied or a duplicate: how the processor decides, and the failures that come of it. */
      readonly outcomes?: Counts
      readonly failures?: Counts
    }
  >
  readonly batches: Record<
    string,
    {
      readonly outcomes: Counts
      readonly failures: Counts
      readonly response: object
      readonly alerts: Alerts
    }
  >
}

const PROJECT = join(import.meta.dirname, '..', '..', '..')
const EVENTS = join(PROJECT, 'events')
/** Files of the folder beside recordings. */
const NO_RECORDING = /^(manifest\.json|README\.md|schemas\/.*)$/

const manifest: Manifest = JSON.parse(readFileSync(join(EVENTS, 'manifest.json'), 'utf8'))
const rules = await loadRules(FAMILIES, join(PROJECT, 'config/rules'))

const processor = () => new Bench(createStatistics(FAMILIES))
const alerter = () => new Bench(alerting(FAMILIES, rules))

describe('the manifest and the folder agree', () => {
  const listed = [...Object.keys(manifest.streams), ...Object.keys(manifest.batches)].sort()

  test('it lists streams and batches', () => {
    assert.ok(Object.keys(manifest.streams).length > 0, 'the manifest lists no stream')
    assert.ok(Object.keys(manifest.batches).length > 0, 'the manifest lists no batch')
  })

  test('every recording is listed, and every listed one is there', () => {
    const files = readdirSync(EVENTS, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry =>
        join(entry.parentPath, entry.name)
          .slice(EVENTS.length + 1)
          .replaceAll('\\', '/'),
      )
      .filter(file => !NO_RECORDING.test(file))
    assert.deepEqual(files.sort(), listed)
  })
})

describe('batches', () => {
  for (const [file, expected] of Object.entries(manifest.batches)) {
    const batch: KafkaEvent = JSON.parse(readFileSync(join(EVENTS, file), 'utf8'))

    test(`${file}: the processor decides as listed`, async () => {
      const bench = processor()
      assert.deepEqual(await bench.consume(batch), expected.response)
      assert.deepEqual(bench.outcomes(), expected.outcomes)
      assert.deepEqual(bench.failures(), expected.failures)
    })

    test(`${file}: alerts are as listed`, async () => {
      const bench = alerter()
      assert.deepEqual(await bench.consume(batch), expected.response)
      assert.deepEqual(bench.alerts(), expected.alerts)
    })
  }
})

describe('streams', () => {
  for (const [file, expected] of Object.entries(manifest.streams)) {
    test(`${file}: applied, and duplicates when replayed again`, async () => {
      const records = await readStream(file)
      assert.equal(records.length, expected.events)
      const topic = new MemoryTopic(APPENDED_AT_MS)
      const bench = processor()
      await bench.consume(topic.append(records))
      assert.equal(bench.entities(), expected.entities)
      assert.equal(bench.ended('applied'), expected.applied)
      assert.equal(bench.ended('duplicate'), expected.duplicates)
      assert.equal(bench.decided, expected.events)
      if (expected.outcomes) assert.deepEqual(bench.outcomes(), expected.outcomes)
      assert.deepEqual(bench.failures(), expected.failures ?? {})
      await bench.consume(topic.append(records))
      assert.equal(bench.ended('applied'), expected.applied)
      assert.equal(bench.ended('duplicate'), expected.duplicates + expected.duplicatesWhenReplayedAgain)
      assert.equal(bench.decided, 2 * expected.events)
    })

    test(`${file}: alerts are as listed, and the same after a second replay`, async () => {
      const records = await readStream(file)
      const topic = new MemoryTopic(APPENDED_AT_MS)
      const bench = alerter()
      for (const replay of ['first', 'second']) {
        await bench.consume(topic.append(records))
        assert.deepEqual(bench.alerts(), expected.alerts, `${replay} replay`)
      }
    })
  }
})

/** After everything that is recorded: a reading from the future of its own record would be refused. */
const APPENDED_AT_MS = Date.parse('2026-01-01T00:00:00Z')

const ADDRESSING = { env: 'test', contentMode: 'binary', keepPartitions: false, ...VOCABULARY } as const

async function readStream(file: string): Promise<OutgoingRecord[]> {
  const records: OutgoingRecord[] = []
  const source = await openSource(file, { folder: EVENTS, stop: new AbortController().signal })
  for await (const group of source.read())
    records.push(...group.map(recorded => buildOutgoingRecord(recorded, ADDRESSING)))
  return records
}
