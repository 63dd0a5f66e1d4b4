/**
 * Generates docs/configuration.md, the tables in the README of the engine, the lists in docs/functions.md and docs/failures.md, and what
 * follows from the table of topics in docs/costs.md and README.md: `npm run configuration`. With `--check`, only reports whether the pages are up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { consumerSettings, generalSettings, type Setting, type Slice } from '#runtime/settings'
import { SLICES } from '../../control/environment/config.ts'
import {
  CLOCK,
  KAFKA,
  LOCAL_PORTS,
  LOGGING,
  REDIS,
  REGISTRY,
  REMOVED,
  SERIALIZATION,
} from '../../lib/app/settings/index.ts'
import { LOCAL_CLOUD } from '../../scripts/stack-settings.ts'
import { REQUIRED } from '../place/account.ts'
import { DEPLOYMENT } from '../place/deployment-settings.ts'
import { formatCostsPage, formatReadmeCosts } from './costs-page.ts'
import { formatFailuresPage } from './failures-page.ts'
import { formatFunctionsPage } from './functions-page.ts'

export const PAGE = new URL('../../docs/configuration.md', import.meta.url)
const README = new URL('../../packages/runtime/README.md', import.meta.url)
const GENERATOR_SCHEMA = new URL('../../config/schemas/generator.v1.json', import.meta.url)
const FUNCTIONS = new URL('../../docs/functions.md', import.meta.url)
const FAILURE_PAGE = new URL('../../docs/failures.md', import.meta.url)
const COSTS = new URL('../../docs/costs.md', import.meta.url)
const START = new URL('../../README.md', import.meta.url)

/** Settings of a handler that uses only the engine. They are documented for an application that has no name. */
const ENGINE = [
  KAFKA,
  REDIS,
  REGISTRY,
  SERIALIZATION,
  generalSettings('app'),
  consumerSettings('app'),
  CLOCK,
  LOGGING,
]

const INTRODUCTION = `# Configuration

<!-- Written by \`npm run configuration\` from the declarations in the code. Changes made here are lost. -->

This page lists every setting of Sluice. Settings are environment variables:

\`\`\`sh
KAFKA_BROKERS=broker.example:9092 KAFKA_AUTH=tls npx sluice topics list
\`\`\`

If a variable is empty, it counts as not set. If a setting that a function uses is missing or wrong, the function does not start. The error
message lists all such settings with their allowed values. It never shows the value itself.`

/** Settings that can be set. */
const SHOWN = SLICES.filter(slice => slice !== REMOVED)

const LEGEND = `Each line below begins with the variable. If the setting has a key in the settings file (\`section.key\`) or an option, these follow. Then come the meaning of the setting, its allowed values in italics, and its default in brackets.`

const HANDED_ON = `Set these variables for the command that deploys, or for \`npm start\` and \`serverless offline\`, which pass them to the functions.
Some of them have a mark:

- ¹ The deployment sets the variable, from its stage or from the variable of the same name. Folders and files must then be inside the project.
- ² The program that runs the function sets the variable.
- ³ The variable is only for programs on this machine.`

const PARAMETER = `The SSM parameter in \`GENERATOR_PARAMETER\` contains YAML or JSON, with any of these keys. \`{}\` selects the default
of every key.`

const FILE = `Settings can also be in a YAML file. To use one, give \`--config FILE\` to a command or to \`npm start\`, or set \`SLUICE_CONFIG\`, which also
counts for deployments. An option overrides a variable, and a variable overrides the file. If a key is unknown or a value is wrong, it is
refused with its line. For example:

\`\`\`yaml
kafka:
  bootstrap_servers: [127.0.0.1:9092]
  topic: sensor_data
producer:
  serialization: avro
  compression: zstd
  batch_size: 500 # records
telemetry:
  sensors: [temp, humidity, pressure]
  sample_rate: 10
cloudevents:
  source: /sensors/datacenter1
logging:
  level: INFO
\`\`\``

/** Returns the whole page. */
function formatConfigurationPage(): string {
  return `${[
    INTRODUCTION,
    '## A settings file',
    FILE,
    '## Functions',
    HANDED_ON,
    LEGEND,
    ...SHOWN.toSorted((a, b) => (a.title < b.title ? -1 : 1)).map(slice => formatSection(slice, MARKS)),
    "## The generator's parameter",
    PARAMETER,
    formatGeneratorKeys(),
    '## Deployment',
    `A deployment needs ${REQUIRED.map(name => `\`${name}\``).join(', ')}. The schedules also count for \`npm start\` and \`serverless offline\`.`,
    ...DEPLOYMENT.map(slice => formatSection(slice)),
    '## This machine',
    'These variables are for `npm start` and `npm run services`. Both start a local server unless `KAFKA_BROKERS`, `REDIS_URL` or `AWS_ENDPOINT_URL` specifies an existing one.',
    ...[LOCAL_PORTS, LOCAL_CLOUD].map(slice => formatSection(slice, {})),
  ].join('\n\n')}\n`
}

/** Returns one line per key of the generator's settings. */
function formatGeneratorKeys(): string {
  const { properties } = JSON.parse(readFileSync(GENERATOR_SCHEMA, 'utf8'))
  return Object.entries<{ description: string }>(properties)
    .map(([key, { description }]) => `- **\`${key}\`**: ${description}`)
    .join('\n')
}

const MARKS: Readonly<Record<Setting['setBy'], string>> = {
  person: '',
  deployment: '¹',
  runtime: '²',
  machine: '³',
}

/** @param marks marks by the origin of a value. Without them, keys and options are not shown either. */
function formatSection({ title, settings }: Slice, marks?: Partial<typeof MARKS>): string {
  return `### ${title}\n\n${formatList(Object.entries(settings), marks)}`
}

/** Description of a range of allowed numbers. The page shows a shorter form. */
const WHOLE_NUMBER = /^a whole number(?: of ([a-z ]+))? from (\d+) to (\d+)$/

/** Returns one line per setting, with its name, description, allowed values and default. */
function formatList(rows: readonly [string, Setting][], marks?: Partial<typeof MARKS>): string {
  const lines = rows.map(([name, setting]) => {
    const { description, allowed, default: value, otherwise, key, option, setBy } = setting
    const names = [key, option?.replace(/ .*/, '')].map(other => (other ? `, \`${other}\`` : ''))
    const suffix = marks ? `${marks[setBy] ?? ''}${names.join('')}` : ''
    // Markdown interprets <name> as HTML, except in code.
    const plain = allowed
      .replaceAll('<', '&lt;')
      .replace(/^one of /, '')
      // docs/functions.md lists the signals.
      .replace(/, with the signals .*/, '')
      .replace(WHOLE_NUMBER, (_, unit, least, most) => `${least} to ${most}${unit ? ` ${unit}` : ''}`)
    const standard = value === undefined ? otherwise : `\`${value}\``
    return `- **\`${name}\`**${suffix}: ${description} *${plain}*${standard ? ` (${standard})` : ''}`
  })
  return lines.join('\n')
}

const TABLES = /(?<=^<!-- The tables .* -->\n).*?(?=^<!-- end of the tables -->$)/ms

const LINK = /\[([^\]]+)\]\(([\w-]+\.md)(?:#[\w-]+)?\)/g

/**
 * Returns the README of the engine with current tables. The package contains no other pages, so the names of settings are shown
 * instead of links.
 */
function formatEngineReadme(): string {
  const readme = readFileSync(README, 'utf8')
  if (!TABLES.test(readme))
    throw new Error('packages/runtime/README.md has no markers for the tables of settings')
  const tables = ENGINE.map(slice => formatSection(slice).replace(LINK, '$1 (`docs/$2` of Sluice)'))
  return readme.replace(TABLES, () => `\n${tables.join('\n\n')}\n\n`)
}

function main(check: boolean): void {
  const costs = formatCostsPage(readFileSync(COSTS, 'utf8'))
  const pages = [
    { name: 'docs/costs.md', file: COSTS, text: costs },
    { name: 'README.md', file: START, text: formatReadmeCosts(readFileSync(START, 'utf8'), costs) },
    { name: 'docs/configuration.md', file: PAGE, text: formatConfigurationPage() },
    { name: 'packages/runtime/README.md', file: README, text: formatEngineReadme() },
    {
      name: 'docs/functions.md',
      file: FUNCTIONS,
      text: formatFunctionsPage(readFileSync(FUNCTIONS, 'utf8')),
    },
    {
      name: 'docs/failures.md',
      file: FAILURE_PAGE,
      text: formatFailuresPage(readFileSync(FAILURE_PAGE, 'utf8')),
    },
  ]
  for (const { name, file, text } of pages)
    if (!check) writeFileSync(file, text)
    else if (readFileSync(file, 'utf8') !== text) {
      console.error(`${name} is out of date. Run \`npm run configuration\``)
      process.exitCode = 1
    }
}

if (import.meta.main) main(process.argv.includes('--check'))
