/** Commands that look into a recording see plain data, whatever format it is in. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { dataWriterOf } from '../../../lib/app/data-writer.ts'
import { outgoing } from '../../../lib/operations/replay/outgoing.ts'
import type { Recorded } from '../../../lib/operations/replay/recorded.ts'
import { selected, survey } from '../../../lib/operations/replay/selection.ts'
import { parseFilter } from '../../../lib/queries/record-filter.ts'
import { toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import { writeEvent } from '../../../packages/runtime/cloudevents/writer.ts'
import { environmentReading, logRecord } from '../../support/records.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-serialized-'))
after(() => rmSync(folder, { recursive: true }))

for (const format of ['avro', 'protobuf'] as const)
  describe(`given a recording whose data is ${format}`, async () => {
    const settings = { env: 'local', contentMode: 'binary', singleInvocation: false } as const
    const writer = await dataWriterOf({ ...settings, serialization: { otherwise: format, named: new Map() } })
    const events = [20, 35, 36].map((temperature, at) =>
      environmentReading(`r-${at}`, { temperature, time: `2026-01-01T00:0${at}:00Z` }),
    )
    const written = events.map(event => writer.write(event))
    const lines: Recorded[] = written.map((event, at) => ({ line: at + 1, event, paceMs: at, eventMs: at }))
    const records = lines.map((one, at) => ({
      ...one,
      record: { ...logRecord(at, events[at] as never), ...writeEvent(written[at] as never) },
    }))

    for (const [what, group] of [
      ['a stream', lines],
      ['a log', records],
    ] as const)
      it(`when replay filters ${what} by its data, then what fits is published as it was recorded`, async () => {
        const filter = parseFilter('data.temperature>30')
        assert.ok(filter)
        const selection = { fromLine: 1, filters: [filter], reader: dataReader({}) }
        const groups = async function* () {
          yield group
        }
        const parts: (readonly Recorded[])[] = []
        for await (const part of selected(groups(), selection)) parts.push(part)
        assert.deepEqual(parts, [group.slice(1)])
        const limits = { limit: Number.POSITIVE_INFINITY, forMs: Number.POSITIVE_INFINITY }
        assert.equal((await survey(groups(), selection, limits)).count, 2)
        const addressing = { env: 'test', contentMode: 'binary', keepPartitions: false } as const
        assert.deepEqual(outgoing(parts[0]?.[0] as Recorded, addressing).value, written[1]?.data)
      })

    it('when rules are tried on it, then its readings are evaluated', async () => {
      const file = (name: string, text: string) => writeFileSync(join(folder, name), text)
      file('stream.jsonl', written.map(event => `${JSON.stringify(toJsonEvent(event))}\n`).join(''))
      file(
        'rules.yaml',
        'rules:\n  - { name: HOT, family: environment, metric: temperature, fireAbove: 30, severity: info }\n',
      )
      const { status, stdout, stderr } = await ran(
        ['rules', 'try', 'stream.jsonl', '--rules', 'rules.yaml', '--json'],
        { folder },
      )
      assert.equal(status, 0, stderr)
      assert.equal(JSON.parse(stdout).readings, 3)
    })
  })
