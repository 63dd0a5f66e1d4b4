/** Adds a new consumer to the project: the files from `consumer-files.ts`, and its entry in serverless.yml. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from '#runtime/settings'
import { readFunctions } from '../../lib/app/function-entries.ts'
import { nameField } from '../../lib/questions/field.ts'
import { readConfigFile } from '../../lib/support/adapters/config-file.ts'
import { fileFailure } from '../../lib/support/operation-failure.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { command } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { formatList } from '../output/table.ts'
import { buildConsumerFiles, renderEntry } from './consumer-files.ts'

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
