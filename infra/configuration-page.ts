/**
 * Generates docs/configuration.md, the tables in the README of the engine, the alarms in docs/runbook.md, and the list in
 * docs/functions.md: `npm run configuration`. With `--check`, only reports whether the pages are up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { SLICES } from '../lib/app/config.ts'
import { GENERATOR_KEYS } from '../lib/app/settings/generator.ts'
import {
  CHECKPOINTS,
  CLOCK,
  KAFKA,
  LOCAL_PORTS,
  LOGGING,
  REDIS,
  REGISTRY,
  SERIALIZATION,
  TRACING,
} from '../lib/app/settings/index.ts'
import { FILE_KEYS } from '../lib/app/settings-file.ts'
import { consumerSettings } from '../packages/runtime/settings/consumer.ts'
import { generalSettings } from '../packages/runtime/settings/general.ts'
import type { Documented, Setting, Slice } from '../packages/runtime/settings/slice.ts'
import { LOCAL_CLOUD } from '../programs/local-cloud.ts'
import { REQUIRED } from './account.ts'
import { runbookPage } from './alarms/runbook-page.ts'
import { ALARMS } from './alarms/settings.ts'
import { functionsPage } from './functions-page.ts'
import { STACK } from './settings/stack.ts'
import { CONSOLE_DEPLOYMENT, SCHEDULES, TRACING_DEPLOYMENT, VPC } from './settings.ts'

export const PAGE = new URL('../docs/configuration.md', import.meta.url)
const README = new URL('../packages/runtime/README.md', import.meta.url)
const RUNBOOK = new URL('../docs/runbook.md', import.meta.url)
const FUNCTIONS = new URL('../docs/functions.md', import.meta.url)

/** Settings of a handler of the engine, for an application without a name. */
const ENGINE = [
  KAFKA,
  REDIS,
  REGISTRY,
  SERIALIZATION,
  generalSettings('app'),
  consumerSettings('app'),
  CHECKPOINTS,
  TRACING,
  CLOCK,
  LOGGING,
]

const INTRODUCTION = `# Configuration

<!-- Written by \`npm run configuration\` from the declarations in the code. Changes made here are lost. -->

Settings are environment variables. An empty variable counts as not set. Each function reads only the settings that it uses, and does
not start if one of them is missing or invalid. The error names each of them with the allowed values, and never contains a value.`

const HANDED_ON = `Set them for the command that deploys, or for \`npm start\` and \`serverless offline\`, which pass them to the functions. The deployment
determines those marked ¹, by its stage or from the variable of the same name. Those marked ² are set by the environment that runs the
function. Those marked ³ are for programs on this machine; deployments do not pass them on.`

const PARAMETER = `The SSM parameter named by \`GENERATOR_PARAMETER\` contains a JSON object with these keys, all of them optional. \`{}\` selects the
defaults.`

const FILE = `\`--config FILE\`, an option of every command and of \`npm start\`, or \`SLUICE_CONFIG\` names a YAML file with settings of functions and
commands. \`SLUICE_CONFIG\` also applies to deployments, which pass the values to the functions. Options take precedence over variables, and
variables over the file. \`npx sluice config show\` shows the source of each value. Unknown keys and invalid values are rejected with their line.

\`\`\`yaml
kafka:
  bootstrap_servers: [127.0.0.1:9092]
  topic: sensor_data
producer:
  serialization: avro
  compression: zstd
telemetry:
  sensors: [temp, humidity, pressure]
  sample_rate: 10
cloudevents:
  source: /sensors/datacenter1
logging:
  level: INFO
\`\`\`

The keys of each section stand for these variables:`

/** Returns the keys of a settings file, with one line per section. */
function fileKeys(): string {
  return Object.entries(FILE_KEYS)
    .map(([section, keys]) => {
      const named = Object.entries(keys).map(([key, variable]) => `\`${key}\` (\`${variable}\`)`)
      return `- **\`${section}\`**: ${named.join(', ')}`
    })
    .join('\n')
}

/** Returns the whole page. */
function configurationPage(): string {
  return `${[
    INTRODUCTION,
    '## A settings file',
    FILE,
    fileKeys(),
    '## Functions',
    HANDED_ON,
    ...SLICES.map(slice => sliceSection(slice, MARKS)),
    "## The generator's parameter",
    PARAMETER,
    list(Object.entries(GENERATOR_KEYS)),
    '## Deployment',
    `A deployment needs ${REQUIRED.map(name => `\`${name}\``).join(', ')}. The schedules are for \`npm start\` and \`serverless offline\` as well.`,
    ...[STACK, VPC, CONSOLE_DEPLOYMENT, TRACING_DEPLOYMENT, ALARMS, SCHEDULES].map(slice =>
      sliceSection(slice),
    ),
    '## This machine',
    'Settings of `npm start` and `npm run services`. Where `KAFKA_BROKERS`, `REDIS_URL` or `AWS_ENDPOINT_URL` is set, that server is used instead of a new one.',
    ...[LOCAL_PORTS, LOCAL_CLOUD].map(slice => sliceSection(slice)),
  ].join('\n\n')}\n`
}

type Marks = Readonly<Record<Setting['setBy'], string>>

const MARKS: Marks = { person: '', deployment: ' ¹', runtime: ' ²', machine: ' ³' }
const NO_MARKS: Marks = { person: '', deployment: '', runtime: '', machine: '' }

function sliceSection({ title, settings }: Slice, marks = NO_MARKS): string {
  const mark = ([name]: [string, unknown]) => marks[settings[name]?.setBy ?? 'person']
  return `### ${title}\n\n${list(Object.entries(settings), mark)}`
}

/** Returns a list with one line per setting: name, allowed values, default and description. */
function list(
  rows: readonly [string, Documented][],
  markOf: (row: [string, Documented]) => string = () => '',
): string {
  const lines = rows.map(row => {
    const [name, { description, allowed, default: value, otherwise }] = row
    // Outside of code, Markdown interprets <name> as HTML.
    const plain = allowed.replaceAll('<', '&lt;')
    const standard = value === undefined ? otherwise : `\`${value}\``
    return `- **\`${name}\`**${markOf(row)}: ${description} *${plain}${standard ? `; default: ${standard}` : ''}*`
  })
  return lines.join('\n')
}

const TABLES = /(?<=^<!-- The tables .* -->\n).*?(?=^<!-- end of the tables -->$)/ms

const LINK = /\[([^\]]+)\]\(([\w-]+\.md)(?:#[\w-]+)?\)/g

/**
 * Returns the README of the engine with current tables. Readers of the package have no other pages, so links are replaced by the names of
 * settings.
 */
function engineReadme(): string {
  const readme = readFileSync(README, 'utf8')
  if (!TABLES.test(readme))
    throw new Error('packages/runtime/README.md has no markers for the tables of settings')
  const tables = ENGINE.map(slice => sliceSection(slice).replace(LINK, '$1 (`docs/$2` of Sluice)'))
  return readme.replace(TABLES, () => `\n${tables.join('\n\n')}\n\n`)
}

function main(check: boolean): void {
  const pages = [
    { name: 'docs/configuration.md', file: PAGE, text: configurationPage() },
    { name: 'packages/runtime/README.md', file: README, text: engineReadme() },
    { name: 'docs/runbook.md', file: RUNBOOK, text: runbookPage(readFileSync(RUNBOOK, 'utf8')) },
    { name: 'docs/functions.md', file: FUNCTIONS, text: functionsPage(readFileSync(FUNCTIONS, 'utf8')) },
  ]
  for (const { name, file, text } of pages)
    if (!check) writeFileSync(file, text)
    else if (readFileSync(file, 'utf8') !== text) {
      console.error(`${name} is out of date. Run \`npm run configuration\``)
      process.exitCode = 1
    }
}

if (import.meta.main) main(process.argv.includes('--check'))
