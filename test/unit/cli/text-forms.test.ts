/** Each form of a text gives the same result in every command and every file that people edit, or the same refusal. */

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { loadRules } from '../../../lib/alerting/adapters/load-rules.ts'
import { readFunctions } from '../../../lib/app/function-entries.ts'
import { readGeneratorSettings } from '../../../lib/app/generator-settings.ts'
import { resolveInputs } from '../../../lib/app/inputs.ts'
import { mergeSettingsFile } from '../../../lib/app/settings-file.ts'
import { loadPolicy } from '../../../lib/failures/adapters/load-policy.ts'
import { loadInputs } from '../../../lib/intake/adapters/load-inputs.ts'
import { readInputs } from '../../../lib/intake/parse-inputs.ts'
import { loadReceivers } from '../../../lib/notification/adapters/load-receivers.ts'
import { loadRoutes } from '../../../lib/notification/adapters/load-routes.ts'
import { openSource } from '../../../lib/operations/replay/recording-file.ts'
import { readPlan } from '../../../lib/operations/views/statements.ts'
import { loadFamilies } from '../../../lib/telemetry/adapters/family-files.ts'
import { loadPlan } from '../../../lib/views/adapters/plan-file.ts'
import { FAMILIES, GENERATOR, NAMES } from '../../support/families.ts'
import { collected } from './collected.ts'
import { ran } from './terminal.ts'

const all = mkdtempSync(join(tmpdir(), 'sluice-forms-'))
after(() => rmSync(all, { recursive: true }))

type Encoding = (text: string) => Buffer

/** Forms that change nothing. */
const FORMS: Readonly<Record<string, Encoding>> = {
  'a byte order mark': text => Buffer.from(`\ufeff${text}`),
  CRLF: text => Buffer.from(text.replaceAll('\n', '\r\n')),
  CR: text => Buffer.from(text.replaceAll('\n', '\r')),
  'a mark and CRLF': text => Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`),
  'no end of the last line': text => Buffer.from(text.replace(/\n$/, '')),
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le')
const REFUSED: Readonly<Record<string, readonly [Encoding, RegExp]>> = {
  'UTF-16 LE with a mark': [text => utf16(`\ufeff${text}`), /UTF-16.*save it as UTF-8/],
  'UTF-16 BE with a mark': [text => utf16(`\ufeff${text}`).swap16(), /UTF-16.*save it as UTF-8/],
  'UTF-16 LE': [utf16, /UTF-16.*save it as UTF-8/],
  'UTF-16 BE': [text => utf16(text).swap16(), /UTF-16.*save it as UTF-8/],
  'Latin-1': [text => Buffer.from(text, 'latin1'), /:\d+: the line is not UTF-8: save the text as UTF-8/],
}

interface Reader {
  readonly file: string
  readonly text: string
  /** Returns all that is made of the text. */
  read(folder: string, file: string, bytes: Buffer): Promise<unknown>
}

const ROW = { sensor_id: 'ü1', temperature: 20, timestamp: '2025-03-01T12:00:00Z' }
const LINES = `${JSON.stringify(ROW)}\n\n${JSON.stringify({ ...ROW, temperature: 21 })}\n`
const EVENT = { specversion: '1.0', id: 'ü', source: '/a', type: 't', time: '2025-03-01T12:00:00Z' }
const EVENTS = `${JSON.stringify(EVENT)}\n${JSON.stringify({ ...EVENT, id: 'b' })}\n`
const READING = {
  ...{ ...EVENT, type: 'io.sluice.environment.reading.v1', subject: 's' },
  data: { sensorId: 's', temperature: 60, location: { site: 'a', latitude: 0, longitude: 0 } },
}
const RULES = `# ü\nrules:\n  - { name: R, family: environment, metric: temperature, fireAbove: 50, severity: warning }\n`
const TESTS = `${RULES}tests:
  - name: one reading
    entity: s1
    observations:
      - { at: 0m, metric: temperature, value: 75 }
    expect:
      - { at: 0m, rule: R, state: firing }
`
const MAPPING = `# ü\nfamily: environment
time: { from: timestamp, timeZone: UTC }
fields:
  sensorId: sensor_id
  temperature: temperature
  location.site: { constant: a }
  location.latitude: { constant: 0 }
  location.longitude: { constant: 0 }
`
const SQL = `-- ü\nCREATE STREAM moves (device_id VARCHAR KEY, activity VARCHAR) -- a comment\n  WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON');\nCREATE TABLE counts AS\n  SELECT activity, COUNT(*) AS n FROM moves GROUP BY activity;\n`
const INPUTS = `# ü\ninputs:\n  - topic: a\n    to: events\n    as: { type: x.y, subject: s, time: record, schema: inputs/a.json }\n`
const ROUTES =
  'routes:\n  - name: default # ü\n    groupBy: [rule]\n    groupWait: 30s\n    groupInterval: 5m\n    repeatInterval: 4h\n    receivers: [sns]\n'
const TOPICS = { inputs: new Map(), findSignal: (topic: string) => NAMES.signalNamed(topic, 'local') }
const UNREACHABLE = { KAFKA_BROKERS: '127.0.0.1:1' }

const command =
  (...args: readonly string[]): Reader['read'] =>
  (folder, file) =>
    ran(
      args.map(arg => arg.replace('FILE', file)),
      { folder, environment: UNREACHABLE },
    )

/** Reads receivers and routes. */
const checkNotifications = async (folder: string) => {
  const receivers = await loadReceivers(join(folder, 'n'), 'n')
  const names = receivers.map(({ name }) => name)
  return { receivers, routes: await loadRoutes(join(folder, 'n'), 'n', names) }
}

const READERS: Readonly<Record<string, Reader>> = {
  'import of lines': {
    file: 'a.jsonl',
    text: LINES,
    read: command('import', 'FILE', '--mapping', 'plain-sensor'),
  },
  'import of compressed lines': {
    ...{ file: 'a.jsonl', text: LINES },
    read: (folder, file, bytes) => {
      writeFileSync(join(folder, `${file}.gz`), gzipSync(bytes))
      return command('import', 'FILE.gz', '--mapping', 'plain-sensor')(folder, file, bytes)
    },
  },
  'import of CSV': {
    ...{ file: 'a.csv', text: 'sensor_id,temperature,site,time\na,1,"ü\n2",1735732800\nb,2,c,1735732800\n' },
    read: command('import', 'FILE', '--mapping', 'plain-sensor'),
  },
  'import of the table of a logger': {
    ...{ file: 'a.csv', text: '"TOA5","ü"\nsensor_id;temperature;time\n;C;\n;Avg;\na;1;1735732800\n' },
    read: command('import', 'FILE', '--mapping', 'plain-sensor'),
  },
  'the mapping of an import': {
    ...{ file: 'm.yaml', text: MAPPING },
    read: (folder, file, bytes) => {
      writeFileSync(join(folder, 'a.jsonl'), LINES)
      return command('import', 'a.jsonl', '--mapping', './FILE')(folder, file, bytes)
    },
  },
  replay: {
    ...{ file: 'r.jsonl', text: EVENTS },
    read: async (folder, file) => {
      const source = await openSource(file, { folder, stop: new AbortController().signal })
      return (await collected(source.read())).flat()
    },
  },
  'replay of a batch': {
    ...{
      file: 'r.json',
      text: `{\n"records": {"a-0": [{"topic": "a", "partition": 0, "offset": 1, "timestamp": 1,\n"value": "e30=", "headers": [], "key": "ü"}]}}\n`,
    },
    read: async (folder, file) => {
      const source = await openSource(file, { folder, stop: new AbortController().signal })
      return (await collected(source.read())).flat()
    },
  },
  publish: {
    file: 'p.jsonl',
    text: EVENTS,
    read: command('publish', 'FILE', '--topic', 'events', '--dry-run'),
  },
  'publish to an input': {
    ...{ file: 'p.jsonl', text: LINES },
    read: command('publish', 'FILE', '--topic', 'sensor-data', '--dry-run'),
  },
  'mappings try of lines': {
    file: 'a.jsonl',
    text: LINES,
    read: command('mappings', 'try', 'FILE', '--json'),
  },
  'mappings try of an array': {
    ...{ file: 'a.json', text: `[\n${JSON.stringify(ROW)},\n${JSON.stringify(ROW)}]\n` },
    read: command('mappings', 'try', 'FILE'),
  },
  'mappings try of CSV': {
    ...{ file: 'a.csv', text: 'sensor_id,temperature,site\na,1,ü\n' },
    read: command('mappings', 'try', 'FILE'),
  },
  'mappings try of standard input': {
    ...{ file: 'in', text: LINES },
    read: (folder, _, stdin) => ran(['mappings', 'try', '-'], { folder, stdin }),
  },
  'families propose': {
    file: 'a.jsonl',
    text: LINES,
    read: command('families', 'propose', 'FILE', '--dry-run'),
  },
  'rules check': { file: 'r.yaml', text: RULES, read: command('rules', 'check', 'FILE') },
  'rules check of a folder': { file: 'rules/r.yaml', text: RULES, read: command('rules', 'check', 'rules') },
  'rules test': { file: 't.yml', text: TESTS, read: command('rules', 'test', 'FILE') },
  'the rules of a test': {
    ...{ file: 'r.yaml', text: RULES },
    read: (folder, file, bytes) => {
      writeFileSync(join(folder, 't.yml'), TESTS.replace(RULES, 'rules: r.yaml\n'))
      return command('rules', 'test', 't.yml')(folder, file, bytes)
    },
  },
  'the rules of rules try': {
    ...{ file: 'r.yaml', text: RULES },
    read: (folder, file, bytes) => {
      writeFileSync(join(folder, 'x.jsonl'), `${JSON.stringify(READING)}\n`)
      return command('rules', 'try', 'x.jsonl', '--rules', 'FILE')(folder, file, bytes)
    },
  },
  'the recording of rules try': {
    ...{ file: 'x.jsonl', text: `${JSON.stringify({ ...READING, id: 'ü' })}\n` },
    read: (folder, file, bytes) => {
      writeFileSync(join(folder, 'r.yaml'), RULES)
      return command('rules', 'try', 'FILE', '--rules', 'r.yaml')(folder, file, bytes)
    },
  },
  RULES_DIR: {
    file: 'rules/r.yaml',
    text: RULES,
    read: folder => loadRules(FAMILIES, join(folder, 'rules')),
  },
  routes: {
    ...{ file: 'n/routes.yaml', text: ROUTES },
    read: folder => {
      writeFileSync(join(folder, 'n/receivers.yaml'), 'receivers:\n  - { name: sns, kind: sns }\n')
      return checkNotifications(folder)
    },
  },
  receivers: {
    ...{ file: 'n/receivers.yaml', text: '# ü\nreceivers:\n  - name: sns\n    kind: sns\n' },
    read: folder => {
      writeFileSync(join(folder, 'n/routes.yaml'), ROUTES)
      return checkNotifications(folder)
    },
  },
  families: {
    ...{
      file: 'f/tank.yaml',
      text: `# ü\nfamily: tank\nfields:\n  tankId: {}\nentity: { source: /tanks, subject: '{tankId}' }\nmetrics:\n  level: {}\n`,
    },
    read: async folder => loadFamilies(join(folder, 'f')),
  },
  inputs: {
    ...{ file: 'inputs.yaml', text: INPUTS },
    read: async folder =>
      resolveInputs({
        env: 'prod',
        names: NAMES,
        isOneMachine: false,
        inputsFile: join(folder, 'inputs.yaml'),
      }),
  },
  'the schema of an input': {
    ...{ file: 'inputs/a.json', text: '{\n"type": "object",\n"title": "ü"}\n' },
    read: async folder => {
      const files = { file: join(folder, 'inputs.yaml'), folder: join(folder, 'm'), env: 'prod' }
      const loaded = await loadInputs(FAMILIES, readInputs(INPUTS, 'i', 'prod'), files)
      return [...loaded.values()].map(({ schema }) => schema)
    },
  },
  'the retry policy': {
    ...{
      file: 'policy.yaml',
      text: '# ü\nmaxAge: 1d\nclasses:\n  retryable: [1m]\n  unexpected: []\n  permanent: []\n  unknown: []\n',
    },
    read: folder => loadPolicy(folder),
  },
  'the settings of the generator': {
    ...{ file: 'g.yaml', text: '# ü\nseed: abc\n' },
    read: folder => {
      const config = {
        families: FAMILIES,
        generatorFile: join(folder, 'g.yaml'),
        generatorDefaults: GENERATOR,
      }
      return readGeneratorSettings(config as never, { parameter: async () => '' })
    },
  },
  'a settings file': {
    ...{ file: 's.yaml', text: '# ü\nlogging:\n  level: WARN\n' },
    read: async folder => mergeSettingsFile({}, 's.yaml', folder),
  },
  '--config': {
    file: 's.yaml',
    text: '# ü\nlogging:\n  level: WARN\n',
    read: command('--config', 's.yaml', 'rules', 'check', '--help'),
  },
  'the statements of tables': {
    file: 'v/a.sql',
    text: SQL,
    read: folder => readPlan(FAMILIES, join(folder, 'v'), 'v', TOPICS),
  },
  'a file of statements': {
    file: 'a.sql',
    text: SQL,
    read: (folder, file) => readPlan(FAMILIES, join(folder, file), file, TOPICS),
  },
  'the plan of tables': {
    ...{ file: 'v/plan.json', text: '{\n"streams": [], "tables": [], "ü": 1\n}\n' },
    read: folder => loadPlan(join(folder, 'v')),
  },
  'serverless.yml': {
    ...{ file: 'serverless.yml', text: '# ü\nfunctions:\n  a:\n    handler: a.b\n    consumes: readings\n' },
    read: async folder => readFunctions(join(folder, 'serverless.yml')),
  },
}

let folders = 0
async function outcome({ file, text, read }: Reader, encode: Encoding): Promise<{ readonly found: unknown }> {
  const folder = join(all, String(folders++))
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  const bytes = encode(text)
  writeFileSync(join(folder, file), bytes)
  const found = await read(folder, file, bytes).catch(error => ({ refused: String(error.message) }))
  return { found: JSON.parse(JSON.stringify(found).replaceAll(folder, 'FOLDER')) }
}

for (const [name, reader] of Object.entries(READERS))
  describe(`given ${name}`, () => {
    const usual = outcome(reader, text => Buffer.from(text))
    it('when the text is UTF-8 with LF, then it is taken', async () => {
      assert.match(reader.text, /ü/)
      const { found } = await usual
      assert.doesNotMatch(JSON.stringify(found), /"refused"|UTF-/)
    })
    for (const [form, encode] of Object.entries(FORMS))
      it(`when it has ${form}, then the result is the same`, async () =>
        assert.deepEqual(await outcome(reader, encode), await usual))
    for (const [form, [encode, reason]] of Object.entries(REFUSED))
      it(`when it is ${form}, then it is refused by its name`, async () => {
        const { found } = await outcome(reader, encode)
        assert.match(JSON.stringify(found), reason)
      })
  })
