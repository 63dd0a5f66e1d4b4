/** Each kind of reader takes a text in any form, or refuses it by its name. `unit/support/text-reader` has the forms. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { mergeSettingsFile } from '../../../control/environment/settings-file.ts'
import { loadFamilies } from '../../../lib/telemetry/adapters/family-files.ts'
import { ran } from './terminal.ts'

const all = mkdtempSync(join(tmpdir(), 'sluice-forms-'))
after(() => rmSync(all, { recursive: true }))

type Encoding = (text: string) => Buffer

interface Reader {
  readonly file: string
  readonly text: string
  /** Returns all that is made of the text. */
  read(folder: string, file: string): Promise<unknown>
}

const command =
  (...args: readonly string[]): Reader['read'] =>
  (folder, file) =>
    ran([...args, file], { folder, environment: { KAFKA_BROKERS: '127.0.0.1:1' } })

const READERS: Readonly<Record<string, Reader>> = {
  'lines of records': {
    ...{
      file: 'a.jsonl',
      text: '{"sensor_id": "ü1", "temperature": 20, "timestamp": "2025-03-01T12:00:00Z"}\n',
    },
    read: command('mappings', 'try', '--json'),
  },
  'a table in CSV': {
    ...{ file: 'a.csv', text: 'sensor_id,temperature,site,time\na,1,"ü\n2",1735732800\nb,2,c,1735732800\n' },
    read: command('import', '--mapping', 'plain-sensor'),
  },
  'a file of rules': {
    file: 'r.yaml',
    text: '# ü\nrules:\n  - { name: R, family: environment, metric: temperature, fireAbove: 50, severity: warning }\n',
    read: command('rules', 'check'),
  },
  'a file of families': {
    file: 'f/tank.yaml',
    text: `# ü\nfamily: tank\nentity: { source: /tanks, subject: '{tankId}' }\nmetrics:\n  level: {}\n`,
    read: async folder => loadFamilies(join(folder, 'f')),
  },
  'a settings file': {
    ...{ file: 's.yaml', text: '# ü\nlogging:\n  level: WARN\n' },
    read: async folder => mergeSettingsFile({}, 's.yaml', folder),
  },
}

let folders = 0
async function outcome({ file, text, read }: Reader, encode: Encoding): Promise<unknown> {
  const folder = join(all, String(folders++))
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), encode(text))
  const found = await read(folder, file).catch(error => ({ refused: String(error.message) }))
  return JSON.parse(JSON.stringify(found).replaceAll(folder, 'FOLDER'))
}

for (const [name, reader] of Object.entries(READERS))
  describe(`given ${name}`, () => {
    it('when it has a byte order mark and CRLF, then the result is that of UTF-8 with LF', async () => {
      const usual = await outcome(reader, Buffer.from)
      assert.doesNotMatch(JSON.stringify(usual), /"refused"|UTF-/)
      const marked = (text: string) => Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`)
      assert.deepEqual(await outcome(reader, marked), usual)
    })

    for (const [encoding, reason] of [
      ['utf16le', /UTF-16.*save it as UTF-8/],
      ['latin1', /:\d+: the line is not UTF-8: save the text as UTF-8/],
    ] as const)
      it(`when it is ${encoding}, then it is refused by its name`, async () =>
        assert.match(JSON.stringify(await outcome(reader, text => Buffer.from(text, encoding))), reason))
  })
