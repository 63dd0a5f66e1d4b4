import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { parseEnv } from 'node:util'
import { Ajv } from 'ajv'
import { CORE_SCHEMA, load, mergeTag } from 'js-yaml'
import { listSettings } from '#runtime/settings'
import { alertsTopicName, localBuckets, redisSecret } from '../../../lib/app/naming/resource-names.ts'
import {
  FAILURES,
  FAMILY_FILES,
  INPUTS,
  NOTIFICATIONS,
  RULES,
  VIEWS,
} from '../../../lib/app/settings/index.ts'
import { PROJECT } from '../../../scripts/paths.ts'
import { ran } from '../cli/terminal.ts'

interface Service {
  readonly image?: string
  readonly build?: string
  readonly user?: string | number
  readonly command?: readonly string[]
  readonly networks?: readonly string[]
  readonly ports?: readonly string[]
  readonly stop_grace_period?: string
  readonly init?: boolean
  readonly read_only?: boolean
  readonly tmpfs?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck?: { readonly test?: readonly string[]; readonly start_period?: string }
  readonly pull_policy?: string
  readonly depends_on?: object
  readonly logging?: { readonly options: Readonly<Record<string, string>> }
  readonly mem_limit?: string
  readonly env_file?: readonly unknown[]
  readonly volumes?: readonly string[]
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly networks?: Readonly<Record<string, { readonly name: string }>>
  readonly configs?: Readonly<Record<string, { readonly content?: string }>>
}

/** Compose merges what `<<` names. */
const YAML = CORE_SCHEMA.withTags([mergeTag])
const read = (file: string): Compose => load(readFileSync(file, 'utf8'), { schema: YAML }) as Compose
const FILE = join(PROJECT, 'compose.yaml')
const compose = read(FILE)
const { services } = compose
/** Defaults of the settings in the containers of Sluice. */
const SETTINGS: Readonly<Record<string, string | undefined>> = parseEnv(
  readFileSync(join(PROJECT, 'compose.env'), 'utf8'),
)
const ENV_FILES = ['compose.env', { path: 'sluice.env', required: false }]

/** Upper bound for the end of `serverless offline`: test/long/image.test.ts holds it. */
const ENDS_WITHIN_S = 10

/** The schema of the compose specification, as a linter of compose files ships it. */
function composeSchema() {
  const linter = dirname(createRequire(import.meta.url).resolve('dclint/package.json'))
  const schema = JSON.parse(readFileSync(join(linter, 'schemas', 'compose.schema.json'), 'utf8'))
  // The address of its dialect is one that no validator knows.
  delete schema.$schema
  return new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema)
}

describe('the schema of the compose specification', () => {
  const validate = composeSchema()

  it('given the composition, then it is valid', () => {
    assert.ok(validate(read(FILE)), JSON.stringify(validate.errors))
  })

  it('given the containers, then none is run as root', () => {
    const users = Object.values(services).map(({ user }) => user)
    assert.ok(users.length >= 8)
    for (const user of users) assert.doesNotMatch(String(user), /^(?:root|0)(?::|$)/)
  })

  it('given an unknown key of a service, or an invalid port, then it is refused', () => {
    const broken = (service: object) => validate({ ...compose, services: { ...services, broken: service } })
    assert.equal(broken({ image: 'x' }), true)
    assert.equal(broken({ image: 'x', memory: '1g' }), false)
    assert.equal(broken({ image: 'x', ports: '8080:80' }), false)
  })
})

describe('the containers', () => {
  it('then all are in the network that other parts join', () => {
    assert.ok(Object.keys(services).length >= 8)
    assert.equal(compose.networks?.['dataeng-network']?.name, 'dataeng-network')
    for (const [name, { networks }] of Object.entries(services))
      assert.deepEqual(networks, ['dataeng-network'], name)
  })

  // Promise docs/containers.md#everything-on-one-machine-compose | The composition is valid, publishes ports on the loopback address alone, and stores alerts on sensor-data.
  it('then every port is published on the loopback address alone', () => {
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports)
    assert.ok(ports.length >= 5)
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/)
  })

  it('then docs/containers.md lists the variables of .env', () => {
    const page = readFileSync(join(PROJECT, 'docs/containers.md'), 'utf8')
    const [line = ''] = /^- `\.env` is for .*$/m.exec(page) ?? []
    const listed = [...line.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name)
    const used = [...readFileSync(FILE, 'utf8').matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(
      ([, name = '']) => name,
    )
    const names = new Set(used.filter(name => !name.endsWith('_PORT')))
    // compose.env takes it from there.
    assert.deepEqual(listed.toSorted(), [...names, 'TZ'].toSorted())
  })

  it('then the Kafka pages are on 8080, and the interface of ksqlDB on 8088', () => {
    const ports = Object.values(services).flatMap(({ ports = [] }) => ports)
    for (const port of [/KAFKA_UI_PORT:-8080\}:8080$/, /KSQL_PORT:-8088\}:8088$/])
      assert.ok(
        ports.some(text => port.test(text)),
        String(port),
      )
  })

  for (const name of ['topics', 'console', 'ksql-runner'])
    it(`then the command of ${name} is one that sluice has`, async () => {
      const words = services[name]?.command?.flatMap(text => text.split(' ')) ?? []
      const [node, file, ...command] = words.slice(words.lastIndexOf('node'))
      assert.deepEqual([node, file], ['node', 'cli/sluice.ts'])
      // --help answers before anything is read; an option that is unknown is refused before that.
      const { status, stderr } = await ran([...command, '--help'])
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
      const options = command.filter(word => word.startsWith('--'))
      const { stdout } = await ran([
        ...command.filter(word => /^[a-z]/.test(word)).slice(0, name === 'console' ? 1 : 2),
        '--help',
      ])
      for (const option of options) assert.match(stdout, new RegExp(`${option}\\b`))
    })

  it('then one service builds the image, and the others that use it wait for that service', () => {
    const own = Object.entries(services).filter(([, { image }]) => image === 'sluice:local')
    assert.ok(own.length >= 4)
    for (const [name, service] of own) {
      assert.equal(service.build, name === 'topics' ? '.' : undefined, name)
      assert.equal(service.pull_policy, 'never', name)
      if (name !== 'topics') assert.ok('topics' in (service.depends_on ?? {}), name)
    }
  })

  it('then each has logs and memory with a limit', () => {
    for (const [name, { logging, mem_limit }] of Object.entries(services)) {
      assert.match(logging?.options['max-size'] ?? '', /^\d+m$/, name)
      assert.match(mem_limit ?? '', /^\d+[mg]$/, name)
    }
  })

  it('then each of Sluice has every folder, which it can only read, and topics and ksql-runner a volume', () => {
    const folders = Object.entries(
      listSettings([FAILURES, FAMILY_FILES, INPUTS, NOTIFICATIONS, RULES, VIEWS]),
    ).filter(([, { key }]) => key?.startsWith('folders.'))
    assert.equal(folders.length, 7)
    for (const [variable, setting] of folders)
      assert.equal(SETTINGS[variable], setting.default?.replace(/^config/, '/config'), variable)
    assert.match(SETTINGS.SENT_VIEWS_DIR ?? '', /^\/var\/lib\/sluice\//)
    for (const [name, { image, volumes = [] }] of Object.entries(services)) {
      if (image !== 'sluice:local') continue
      assert.match(volumes[0] ?? '', /^\$\{CONFIG_DIR:-\.\/config\}:\/config:ro$/, name)
      const mode = ['topics', 'ksql-runner'].includes(name) ? '' : ':ro'
      assert.deepEqual(volumes.slice(1), [`sluice:/var/lib/sluice${mode}`], name)
    }
  })

  // Promise docs/containers.md#your-own-names-rules-and-tables | Every service has the folders of one's own, which none can change, and the settings of sluice.env, which override all others.
  it('then sluice.env decides about each setting but the environment, whose name LocalStack needs too', () => {
    for (const [name, { image, build, environment, env_file }] of Object.entries(services)) {
      if (image !== 'sluice:local' && build === undefined) continue
      assert.deepEqual(env_file, ENV_FILES, name)
      const tokens = image === 'sluice:local' ? [] : ['SLUICE_TOKEN', 'KSQL_TOKEN', 'SLUICE_METRICS_TOKEN']
      assert.deepEqual(Object.keys(environment ?? {}), ['SLUICE_ENV', ...tokens], name)
      for (const token of tokens) assert.equal(environment?.[token], '', name)
    }
  })

  it('then the functions run as the image starts them', () => {
    assert.equal(services.functions?.command, undefined)
    assert.equal(services.functions?.init, true)
    assert.equal(services.functions?.read_only, true)
    assert.deepEqual(services.functions?.tmpfs, ['/tmp'])
  })

  it('then Docker waits longer than the functions take to end', () => {
    assert.ok(Number.parseInt(services.functions?.stop_grace_period ?? '', 10) > ENDS_WITHIN_S + 5)
  })

  it('then a server may take minutes to start, as on a busy machine', () => {
    const checks = Object.values(services).flatMap(({ healthcheck }) =>
      healthcheck?.test ? [healthcheck] : [],
    )
    assert.equal(checks.length, 8)
    for (const { start_period } of checks) assert.equal(start_period, '300s')
  })

  it('then LocalStack has what an environment needs', () => {
    const content = compose.configs?.resources?.content?.replaceAll(/\$\{SLUICE_ENV:-(\w+)\}/g, '$1') ?? ''
    const names = [
      alertsTopicName('local'),
      redisSecret('local'),
      '/sluice/local/generator',
      ...Object.values(localBuckets('local')),
    ]
    for (const name of names) assert.ok(content.includes(name), name)
  })
})
