/**
 * Adds a new consumer to the project: its files, and its entry in serverless.yml. The consumer only counts readings, but it can be
 * run, and its test passes.
 */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from '#runtime/settings'
import { readFunctions } from '../../control/environment/function-entries.ts'
import { nameField } from '../../control/questions/field.ts'
import { readConfigFile } from '../../lib/support/adapters/config-file.ts'
import { fileFailure } from '../../lib/support/operation-failure.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { command } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { formatList } from '../output/table.ts'

const SERVERLESS_YML = 'serverless.yml'

/**
 * Maximum length of a name. The function is named `sluice-{stage}-{name}`. Lambda allows 64 characters for this name, and a stage
 * can have up to 20.
 */
const MAX_NAME_LENGTH = 30

/** File that was written, with its path in the project and its contents. */
interface WrittenFile {
  readonly file: string
  readonly what: string
}

const CONSUMER_NAME = text(
  new RegExp(`^(?=.{1,${MAX_NAME_LENGTH}}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$`),
  `lower-case words and digits with "-" between, begin with a letter, and have ${MAX_NAME_LENGTH} characters at most`,
)

export default command({
  about: `Add a new consumer of readings to this project: its process, its handler, its entry in serverless.yml, and a unit test
that passes.

The consumer counts the readings of each entity. Change the process to implement your logic, as described in
docs/consumers.md. Existing files are not overwritten.`,
  more: `
Example:
  sluice new consumer frost-watch`,
  fields: {
    name: nameField('lower-case words separated by "-", such as frost-watch', CONSUMER_NAME),
  },
  async run({ name }, terminal) {
    terminal.stdout.write(formatReport(name, await addConsumer(name)))
  },
})

function formatReport(name: string, written: readonly WrittenFile[]): string {
  const lines = formatList(
    written.map(({ file, what }) => [file, what]),
    '  ',
  )
  return `Wrote the consumer ${name}:
${lines.join('\n')}

Next:
  npm test -- --only unit ${name}   runs its test
  npm run configuration   lists it in the pages, which npm test compares with serverless.yml
  npm start   runs it with all others; one that already runs must be started again
  docs/consumers.md   says what a process can do, and what its entry can have
`
}

/**
 * Adds a consumer.
 *
 * @param name name of the consumer, which matches `CONSUMER_NAME`
 * @throws CliFailure if the name is already used, or a file cannot be written
 */
async function addConsumer(name: string): Promise<WrittenFile[]> {
  if (readFunctions().some(declared => declared.name === name))
    throw new CliFailure(`serverless.yml already has a function ${name}. Choose another name.`)
  const files = buildConsumerFiles(name)
  const present = files.map(({ file }) => dirname(file)).find(folder => existsSync(join(PROJECT, folder)))
  if (present) throw new CliFailure(`${present} already exists, so nothing was written. Choose another name.`)
  const serverless = insertEntry(
    await readConfigFile(join(PROJECT, SERVERLESS_YML), SERVERLESS_YML),
    renderEntry(name),
  )
  for (const { file, content } of files) await writeProjectFile(file, content)
  // Write serverless.yml last, so that it does not refer to files that do not exist yet.
  await writeProjectFile(SERVERLESS_YML, serverless)
  return [
    ...files.map(({ file, what }) => ({ file, what })),
    { file: SERVERLESS_YML, what: 'its entry: what it consumes, emits and uses' },
  ]
}

/**
 * Adds an entry at the end of the functions in the text of serverless.yml. Everything else, including comments, is unchanged.
 *
 * @throws CliFailure if the file has no section of functions
 */
export function insertEntry(yaml: string, entry: string): string {
  const section = /^functions:[^\n]*\n(?:[ \t#][^\n]*\n|\n)*/m.exec(yaml.endsWith('\n') ? yaml : `${yaml}\n`)
  if (!section) throw new CliFailure('serverless.yml has no line `functions:` to write the entry under.')
  const functions = section[0].trimEnd()
  const rest = yaml.slice(section.index + section[0].length)
  return `${yaml.slice(0, section.index)}${functions}\n\n${entry}${rest && `\n${rest}`}`
}

async function writeProjectFile(file: string, content: string): Promise<void> {
  const path = join(PROJECT, file)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  } catch (error) {
    throw fileFailure(file, error)
  }
}

/** File to write, with its path in the project. */
interface NewFile {
  readonly file: string
  readonly what: string
  readonly content: string
}

/**
 * Returns the files of a new consumer.
 *
 * @param name name of the consumer: words separated by "-"
 */
function buildConsumerFiles(name: string): NewFile[] {
  const process = `${toCamelCase(name)}Process`
  return [
    { file: `lib/${name}/process.ts`, what: 'what it decides', content: renderProcess(name, process) },
    {
      file: `test/unit/${name}/process.test.ts`,
      what: 'a test that passes',
      content: renderTest(name, process),
    },
    {
      file: `functions/${name}/handler.ts`,
      what: 'what the cloud calls',
      content: renderHandler(name, process),
    },
  ]
}

/** Returns the consumer's entry among the functions of serverless.yml. */
function renderEntry(name: string): string {
  return `  ${name}:
    handler: functions/${name}/handler.handler
    description: Counts the readings of each entity
    consumes: readings
    uses: [redis]
`
}

function renderProcess(name: string, process: string): string {
  return `/** Counts the readings of each entity. */
import { defineProcess } from '#runtime/consumer'
import type { Families } from '../telemetry/families.ts'

export const ${process} = (families: Families) =>
  defineProcess<{ readonly count: number }>('${name}', {
    accepts: families.readingTypes,
    onEvent: state => ({ count: (state?.count ?? 0) + 1 }),
  })
`
}

function renderTest(name: string, process: string): string {
  return `import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatEntity } from '#runtime/consumer'
import { ${process} } from '../../../lib/${name}/process.ts'
import { FAMILIES } from '../../support/families.ts'
import { Kit } from '../../support/kit.ts'
import { environmentReading as reading } from '../../support/records.ts'

it('given two readings of a sensor, then both are counted', async () => {
  const kit = new Kit(${process}(FAMILIES))
  const event = reading('a', { at: 0 })
  await kit.when(event, reading('b', { at: 60 }))
  assert.deepEqual(await kit.state(formatEntity(event)), { count: 2 })
})
`
}

function renderHandler(name: string, process: string): string {
  const imports = [
    `import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'`,
    `import { ${process} } from '../../lib/${name}/process.ts'`,
  ]
  // Imports are sorted by folder, as the formatter requires.
  if (name < 'app') imports.reverse()
  return `/** Counts the readings of each entity. */
${imports.join('\n')}

export const handler = kafkaConsumer('${name}', ({ families }) => ${process}(families))
`
}

function toCamelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}
