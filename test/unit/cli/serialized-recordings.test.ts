/** Commands that look into a recording see plain data, whatever format it is in. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { toJsonEvent } from '#runtime/cloudevents'
import { environmentReading } from '#runtime/test/support/records'
import { getDataWriter } from '../../../lib/app/data/data-writer.ts'
import { VOCABULARY } from '../../support/families.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-serialized-'))
after(() => rmSync(folder, { recursive: true }))

for (const format of ['avro', 'protobuf'] as const)
  describe(`given a recording whose data is ${format}`, async () => {
    const settings = { env: 'local', contentMode: 'binary', singleInvocation: false } as const
    const writer = await getDataWriter({
      ...settings,
      ...VOCABULARY,
      serialization: { otherwise: format, named: new Map() },
    })
    const events = [20, 35, 36].map((temperature, at) =>
      environmentReading(`r-${at}`, { temperature, time: `2026-01-01T00:0${at}:00Z` }),
    )
    const written = events.map(event => writer.write(event))
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
