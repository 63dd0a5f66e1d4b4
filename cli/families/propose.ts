import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { text } from '#runtime/settings'
import type { Config } from '../../lib/app/config.ts'
import { FAMILY_FILES, readSettings } from '../../lib/app/settings/index.ts'
import { fileFailure } from '../../lib/operations/operation-failure.ts'
import { splitWords } from '../../lib/operations/propose/field-names.ts'
import { type Proposal, propose } from '../../lib/operations/propose/propose.ts'
import { flagField, nameField, optionField } from '../../lib/questions/field.ts'
import { count } from '../../lib/support/count.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { command } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { getMappingsFolder } from '../options/mapping.ts'
import { formatList } from '../output/table.ts'
import { escapeTextLines } from '../output/text-width.ts'
import { readSample, SAMPLE_OPTIONS, type Sample } from '../sample-records.ts'
import { resolveConfig } from '../servers/settings.ts'
import type { Terminal } from '../terminal.ts'

const MAX_NAME_LENGTH = 40
const NAME = text(
  /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  `lower-case words and digits with "-" between, begin with a letter, and have ${MAX_NAME_LENGTH} characters at most`,
)

export default command({
  about: `Propose a family and a mapping for records of your own: drafts with a comment at each guess.

The records are in a file (JSON lines, a JSON array, or CSV with commas, semicolons or tabs), on standard input ("-"), or the newest ones of any
topic, which is only read. Existing files are not changed.`,
  more: `
The draft guesses the field that names the entity, the time and its form, metrics and their units, states and tags. Records that name their metric
(metric_name, value) become readings of the family \`metrics\`, so they get a mapping only. The draft is for the most frequent shape of the records.

Examples:
  sluice families propose readings.csv
  sluice families propose greenhouse --count 1000
  sluice families propose export.jsonl --name boiler --dry-run`,
  fields: {
    from: nameField('a file with records, "-", or a topic'),
    name: optionField(
      '<name>',
      'name of the family and of the mapping (default: that of the file or topic)',
      NAME,
    ),
    ...SAMPLE_OPTIONS,
    dryRun: flagField('print the drafts instead of writing them'),
  },
  async run({ from, name: given, dryRun, ...options }, terminal) {
    const settings = resolveConfig(terminal, options.env)
    const sample = await readSample(from, options, terminal)
    const name = given ?? toFamilyName(sample.name)
    const proposal = propose(settings, name, basename(sample.name), sample.records, Date.now())
    const files = listFiles(name, proposal, terminal)
    if (!dryRun) await writeFiles(settings, name, files)
    for (const { shown, content } of files)
      terminal.stdout.write(dryRun ? `# ${shown}\n${content}\n` : `Wrote ${shown}\n`)
    terminal.stdout.write(formatReport(name, from, sample, proposal))
  },
})

/** Maximum number of refused records, or of questions, that are listed. */
const MAX_LISTED = 8

/** Formats what the drafts do not take, and what to do next. @param from the argument of the command */
function formatReport(
  name: string,
  from: string,
  { name: sample, isTopic, records }: Sample,
  { taken, refused, others, questions, unused }: Proposal,
): string {
  const source = /^[\w./@%+:,-]+$/.test(from) ? from : `'${from.replaceAll("'", `'\\''`)}'`
  const ofOthers = `There is no draft for ${count(others, 'record')} of other shapes: save them as a file of their own.`
  const ofQuestions = 'Questions, which the drafts leave to you:'
  const lines = [
    `The drafts take ${taken} of ${count(records.length, 'record')} of ${sample}.`,
    ...(others > 0 ? [ofOthers] : []),
    ...formatSection(
      'They refuse:',
      refused.map(({ place, reason }) => [place, reason]),
    ),
    ...formatSection(
      ofQuestions,
      questions.map(question => [question]),
    ),
    ...(unused.length > 0 ? [`not used: ${unused.join(', ')}`] : []),
  ]
  return escapeTextLines(`${lines.join('\n')}

Next, \`npx sluice mappings try ${source} --mapping ${name}\` shows each record as a reading, or why it is refused.
With this in config/inputs.yaml, \`npm start\` reads the topic, also if it is running:

inputs:
  - topic: ${isTopic ? sample : 'TOPIC'}
    mappings: [${name}]
`)
}

function formatSection(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return []
  const more = rows.length > MAX_LISTED ? [`  and ${rows.length - MAX_LISTED} more`] : []
  return [title, ...formatList(rows.slice(0, MAX_LISTED), '  '), ...more]
}

/** Returns the name of a file or topic as the name of a family. */
function toFamilyName(sample: string): string {
  const words = splitWords(basename(sample, /[.](csv|tsv|txt|json|jsonl|ndjson)$/i.exec(sample)?.[0] ?? ''))
  return (
    words
      .join('-')
      .replace(/^[^a-z]+/, '')
      .slice(0, MAX_NAME_LENGTH)
      .replace(/-$/, '') || 'sample'
  )
}

interface DraftFile {
  readonly path: string
  /** Path in messages. */
  readonly shown: string
  readonly content: string
}

function listFiles(name: string, { family, mapping }: Proposal, terminal: Terminal): readonly DraftFile[] {
  const mappings = getMappingsFolder(terminal)
  const folder = resolve(PROJECT, readSettings([FAMILY_FILES], terminal.environment).familiesDir)
  const families = { path: folder, shown: relative(PROJECT, folder) }
  const toFile = (folder: { readonly path: string; readonly shown: string }, content: string) => ({
    path: join(folder.path, `${name}.yaml`),
    shown: join(folder.shown, `${name}.yaml`),
    content,
  })
  return [...(family ? [toFile(families, family)] : []), toFile(mappings, mapping)]
}

/** Writes all files or none. @throws CliFailure if one exists already, or cannot be written */
async function writeFiles({ families }: Config, name: string, files: readonly DraftFile[]): Promise<void> {
  const present = files.find(({ path }) => existsSync(path))
  if (present)
    throw new CliFailure(
      `${present.shown} already exists, so nothing was written. Choose another name with --name.`,
    )
  if (Object.hasOwn(families.byName, name))
    throw new CliFailure(
      `There is already a family ${name}, so nothing was written. Choose another name with --name.`,
    )
  const written: string[] = []
  for (const { path, shown, content } of files)
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, content, { flag: 'wx' })
      written.push(path)
    } catch (error) {
      for (const file of written) await rm(file)
      throw fileFailure(shown, error)
    }
}
