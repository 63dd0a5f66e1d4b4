import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  findInputProblems,
  findNotificationErrors,
  findPolicyProblems,
  findRulesProblems,
  findViewsProblems,
} from '../../../infra/checks/config-files.ts'
import { findSchemaProblems } from '../../../infra/checks/event-schemas.ts'
import { findAuthorityProblems, findSettingsProblems } from '../../../infra/checks/function-settings.ts'
import { FAMILIES, NAMES } from '../../support/families.ts'

const PROD = { env: 'prod', names: NAMES, isOneMachine: false }
const GOOD = { KAFKA_BROKERS: 'broker:9092', REDIS_URL: 'rediss://cache:6379', SLUICE_ENV: 'prod' }

describe('the settings of the functions', () => {
  it('given settings that they can start with, then there is nothing to say', () => {
    assert.deepEqual(
      findSettingsProblems(FAMILIES, { one: GOOD, two: { ...GOOD, RULES_DIR: 'rules' } }, 'eu-west-1'),
      [],
    )
  })

  it('given a fault that all have, then it is reported once; given one that some have, with their names', () => {
    const wrong = { ...GOOD, REDIS_MODE: 'many' }
    const functions = { one: wrong, two: { ...wrong, ID_WINDOW_SECONDS: '1h' }, three: wrong }
    assert.deepEqual(findSettingsProblems(FAMILIES, functions, 'eu-west-1'), [
      'REDIS_MODE: must be one of single, cluster.',
      'ID_WINDOW_SECONDS: must be a whole number of seconds from 0 to 86400 (in two).',
    ])
  })

  it('given a format for an unknown event name, then the known names are listed', () => {
    const named = (SERIALIZATION: string) =>
      findSettingsProblems(FAMILIES, { one: { ...GOOD, SERIALIZATION } }, 'eu-west-1')
    assert.deepEqual(named('protobuf,environment=avro'), [])
    assert.match(
      named('avro,weather=json').join(),
      /^SERIALIZATION names weather, .* Allowed names are .*environment.*[^.]\.$/,
    )
    assert.match(named('xml').join(), /^SERIALIZATION: must be /)
  })

  it('given a database of RDS that is verified without its authority, then file, function and variable are named', () => {
    const find = (host: string, query: string, more: object = {}) => {
      const storage = { STORAGE_URL: `postgres://user@${host}/db?${query}`, ...more }
      return findAuthorityProblems({
        storage,
        other: { ...storage, NODE_EXTRA_CA_CERTS: '/ca.pem' },
      }).join()
    }
    const host = 'db.abc123.eu-west-1.rds.amazonaws.com'
    for (const mode of ['require', 'verify-full'])
      assert.match(
        find(host, `sslmode=${mode}`),
        /^STORAGE_URL: .* so storage cannot verify .*global-bundle\.pem.* NODE_EXTRA_CA_CERTS.* of storage: .*storage\.md#rds\.$/,
      )
    const fine: Parameters<typeof find>[] = [
      [host, 'sslmode=verify-full', { NODE_EXTRA_CA_CERTS: '/var/task/global-bundle.pem' }],
      [host, 'sslmode=verify-full&sslrootcert=/var/runtime/ca-cert.pem'],
      [host, 'sslmode=no-verify'],
      ['x.proxy-abc123.eu-west-1.rds.amazonaws.com', 'sslmode=verify-full'],
      ['db.neon.example', 'sslmode=verify-full'],
    ]
    for (const given of fine) assert.equal(find(...given), '')
  })

  it('given values that only CloudFormation knows, then they are not reported', () => {
    const { KAFKA_BROKERS: _, ...rest } = GOOD
    const filledIn = { ...rest, MSK_CLUSTER_ARN: { Ref: 'Cluster' }, REDIS_URL: { 'Fn::Sub': 'rediss://x' } }
    assert.deepEqual(findSettingsProblems(FAMILIES, { one: filledIn }, 'eu-west-1'), [])
    assert.deepEqual(
      findSettingsProblems(FAMILIES, { one: { ...filledIn, CONTENT_MODE: 'x' } }, 'eu-west-1'),
      ['CONTENT_MODE: must be one of binary, structured.'],
    )
  })

  const PLAIN: [name: string, value: string, must: RegExp][] = [
    ['REDIS_URL', 'redis://cache:6379', /^REDIS_URL: must begin with rediss:\/\/ outside of "local".*\.$/],
    ['SCHEMA_REGISTRY_URL', 'http://registry:8081', /^SCHEMA_REGISTRY_URL: must begin with https:\/\//],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'http://spans:4318',
      /^OTEL_EXPORTER_OTLP_ENDPOINT: must begin with https:/,
    ],
    ['KAFKA_TLS', 'off', /^KAFKA_TLS: must not be off/],
  ]
  for (const [name, value, must] of PLAIN)
    it(`given ${name}=${value}, then it is refused in an account, and taken on this machine`, () => {
      const scram = { KAFKA_AUTH: 'scram-sha-512', KAFKA_SECRET: 's', [name]: value }
      const said = (changes: object) =>
        findSettingsProblems(FAMILIES, { one: { ...GOOD, ...scram, ...changes } }, 'eu-west-1')
      for (const changes of [{}, { [name]: ` ${value} ` }]) {
        const [problem = '', ...more] = said(changes)
        assert.deepEqual(more, [])
        assert.match(problem, must)
      }
      assert.deepEqual(said({ SLUICE_ENV: 'local' }), [])
    })

  it('given plain text to a collector beside the function, which leaves no machine, then it is taken', () => {
    const here = { REDIS_URL: 'redis://127.0.0.1:6379', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }
    assert.deepEqual(findSettingsProblems(FAMILIES, { one: { ...GOOD, ...here } }, 'eu-west-1'), [])
    const half = { ...GOOD, REDIS_MODE: 'cluster', REDIS_URL: 'redis://127.0.0.1:6379,cache:6379' }
    assert.match(
      findSettingsProblems(FAMILIES, { one: half }, 'eu-west-1').join(),
      /^REDIS_URL: must begin with rediss:/,
    )
  })

  it('given an address with a password that is wrong, then the password is not repeated', () => {
    const [problem = ''] = findSettingsProblems(
      FAMILIES,
      { one: { ...GOOD, REDIS_URL: 'redis://me:p@ss:w@host:x' } },
      'eu-west-1',
    )
    assert.match(problem, /^REDIS_URL: must be redis:/)
    assert.doesNotMatch(problem, /p@ss/)
  })
})

describe('the rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-checks-'))
  after(() => rmSync(folder, { recursive: true }))

  it('given rule errors, then each has file and line; given no rules or no folder, then an error', async () => {
    assert.deepEqual(await findRulesProblems(FAMILIES, join(folder, 'none'), 'none'), [
      'RULES_DIR: none: the folder does not exist',
    ])
    assert.match(
      (await findRulesProblems(FAMILIES, folder, 'mine')).join('\n'),
      /^RULES_DIR: mine: the folder has no \*\.yaml file/,
    )
    writeFileSync(join(folder, 'a.yaml'), 'rules:\n  - name: 3\n')
    const problems = await findRulesProblems(FAMILIES, folder, 'mine')
    assert.ok(problems.length > 1)
    for (const problem of problems) assert.match(problem, /^mine\/a\.yaml:2:5 {2}rules\.0\.\w+: /)
    writeFileSync(join(folder, 'a.yaml'), 'rules: []\n')
    assert.deepEqual(await findRulesProblems(FAMILIES, folder, 'mine'), [])
  })
})

describe('the routes and receivers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-checks-'))
  after(() => rmSync(folder, { recursive: true }))

  it('given faults, then each has file and line; given no file, then the setting is named', async () => {
    assert.deepEqual(await findNotificationErrors(folder, 'mine'), [
      'NOTIFICATIONS_DIR: mine/routes.yaml: there is no such file',
      'NOTIFICATIONS_DIR: mine/receivers.yaml: there is no such file',
    ])
    writeFileSync(join(folder, 'routes.yaml'), 'routes: [{ name: all, receivers: [a] }]\n')
    writeFileSync(join(folder, 'receivers.yaml'), 'receivers:\n  - { name: a, kind: pigeon }\n')
    assert.deepEqual(await findNotificationErrors(folder, 'mine'), [
      'mine/receivers.yaml:2:16  a.kind: unknown value. Use sns, webhook',
    ])
    writeFileSync(join(folder, 'receivers.yaml'), 'receivers:\n  - { name: a, kind: sns }\n')
    assert.deepEqual(await findNotificationErrors(folder, 'mine'), [])
  })
})

describe('the policy of failures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-checks-'))
  after(() => rmSync(folder, { recursive: true }))

  it('given errors, then each has file and line; given no file, then the setting is named', async () => {
    const problems = () => findPolicyProblems(folder, 'mine', ['pager'])
    assert.deepEqual(await problems(), ['FAILURES_DIR: mine/policy.yaml: there is no such file'])
    writeFileSync(join(folder, 'policy.yaml'), 'consumers:\n  pagr: {}\n')
    assert.deepEqual(await problems(), [
      'mine/policy.yaml:2:3  consumers.pagr: unknown consumer. Did you mean pager?',
    ])
    writeFileSync(join(folder, 'policy.yaml'), 'consumers:\n  pager: {}\n')
    assert.deepEqual(await problems(), [])
  })
})

describe('the mappings that functions name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-checks-'))
  after(() => rmSync(folder, { recursive: true }))

  it('given errors or no file, then each is named with its file; others are not looked at', async () => {
    writeFileSync(join(folder, 'a.yaml'), 'family: device\n')
    writeFileSync(join(folder, 'c.yaml'), '[')
    const problems = (mapping: string) => {
      const file = join(folder, `${mapping}-inputs.yaml`)
      writeFileSync(file, `inputs: [{ topic: motion, mappings: [${mapping}] }]`)
      return findInputProblems(FAMILIES, { ...PROD, inputsFile: file }, 'inputs.yaml', [folder, 'mine'])
    }
    assert.deepEqual(await problems('a'), [
      'mine/a.yaml:1:1  time: is missing. Time of the measurement, or a list of alternatives, of which the first one in the record is used.',
      'mine/a.yaml:1:1  fields: is missing. Sources of the values, by field of the reading, such as tags.room.',
    ])
    assert.deepEqual(await problems('b'), [
      'inputs.yaml:1:38  motion.mappings.0: unknown mapping of mine. Use a, a-inputs, b-inputs, c',
    ])
  })
})

it('given a table that reads an input, then a deployment without the input is refused', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const table = { name: 't', generation: '1', signal: 'readings', columns: [], group: [], aggregates: [] }
  const tables = [table, { ...table, name: 'own', input: 'device-data' }]
  writeFileSync(join(folder, 'plan.json'), JSON.stringify({ streams: [], tables }))
  assert.deepEqual(await findViewsProblems(folder, ['device-data']), [])
  assert.deepEqual(await findViewsProblems(folder, ['other']), [
    'VIEWS_DIR: the table own reads device-data, which is not an input here. Add it to the inputs, or remove the table.',
  ])
})

it('given a mapping without a condition before others, then those not reached are named once, with its place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-checks-'))
  after(() => rmSync(folder, { recursive: true }))
  const text = (when = '') =>
    `# A comment\nfamily: device\n${when}time: record\nfields: { deviceId: id, model: model, x: x }\n`
  writeFileSync(join(folder, 'all.yaml'), text())
  writeFileSync(join(folder, 'some.yaml'), text('when: { has: [y] }\n'))
  writeFileSync(join(folder, 'event.yaml'), text('when: { equals: { type: com.a } }\n'))
  const file = join(folder, 'list.txt')
  const findWarnings = async (...lists: string[]) => {
    const inputs = lists.map((list, index) => `{ topic: t${index}, mappings: [${list}] }`)
    const warnings: string[] = []
    const named = `${file}.${lists.join('.').replaceAll(', ', '-')}`
    writeFileSync(named, `inputs: [${inputs}]`)
    const warn = (warning: string) => warnings.push(warning)
    assert.deepEqual(
      await findInputProblems(FAMILIES, { ...PROD, inputsFile: named }, 'list', [folder, 'mine'], warn),
      [],
    )
    return warnings
  }
  assert.deepEqual(await findWarnings('some, all', 'event, all', 'all, event'), [])
  const [warning, ...others] = await findWarnings('all, event, some', 'all, some')
  assert.match(
    warning ?? '',
    /^mine\/all\.yaml:2 {2}all has no condition, .* never reach the mappings after it: some\. Add/,
  )
  assert.deepEqual(others, [])
})

describe('the schemas', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-schemas-'))
  after(() => rmSync(folder, { recursive: true }))
  const sources = pathToFileURL(join(folder, 'json/'))
  const compiled = pathToFileURL(join(folder, 'compiled.js'))
  const schema = { $id: 'https://sluice.io/schemas/a.v1.json', type: 'object', required: ['a'] }
  const problemsWith = (text: string) => {
    mkdirSync(sources, { recursive: true })
    writeFileSync(new URL('a.v1.json', sources), text)
    return findSchemaProblems(sources, compiled)
  }

  it('given those that ship, then they are as they were compiled', async () => {
    assert.deepEqual(await findSchemaProblems(), [])
  })

  it('given one that was changed, or never compiled, then it says what to run', async () => {
    const stale = /^lib\/schemas\/compiled\.js does not match events\/schemas\/json\/\. Run `npm run schemas`/
    assert.match((await problemsWith(JSON.stringify(schema))).join('\n'), stale)
    writeFileSync(compiled, 'export default {}')
    assert.match((await problemsWith(JSON.stringify(schema))).join('\n'), stale)
  })

  const broken: [name: string, text: string, said: RegExp][] = [
    ['no JSON', '{ "$id": ', /^events\/schemas\/json\/a\.v1\.json: .*JSON/],
    [
      'no schema',
      JSON.stringify({ ...schema, type: 'objekt' }),
      /^events\/schemas\/json\/a\.v1\.json: .*type/,
    ],
    [
      'a keyword that does not exist',
      JSON.stringify({ ...schema, requird: [] }),
      /^events\/schemas\/json\/a\.v1\.json: .*requird/,
    ],
    [
      'the name of another',
      JSON.stringify({ ...schema, $id: 'x' }),
      /^events\/schemas\/json\/a\.v1\.json: its \$id must be /,
    ],
  ]
  for (const [name, text, said] of broken)
    it(`given ${name}, then the file is named`, async () => {
      const problems = await problemsWith(text)
      assert.equal(problems.length, 1)
      assert.match(problems[0] ?? '', said)
    })
})
