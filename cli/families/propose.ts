import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { text } from '#runtime/settings'
import { type Proposal, propose } from '../../control/drafts/propose.ts'
import { splitWords } from '../../control/drafts/sample-fields.ts'
import { flagField, nameField, optionField } from '../../control/questions/field.ts'
import { FAMILY_FILES, readSettings } from '../../lib/app/settings/index.ts'
import { count } from '../../lib/support/count.ts'
import { quoteWord } from '../../lib/support/escape-text.ts'
import { fileFailure } from '../../lib/support/operation-failure.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { command } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { getMappingsFolder } from '../options/mapping.ts'
import { formatList } from '../output/table.ts'
import { escapeTextLines } from '../output/text-width.ts'
import { readSample, SAMPLE_OPTIONS, type Sample } from '../sample-records.ts'
import { resolveConfig } from '../servers/settings.ts'

const MAX_NAME_LENGTH = 40
const NAME = text(
  /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  `lower-case words and digits with "-" between, begin with a letter, and have ${MAX_NAME_LENGTH} characters at most`,
)

export default command({
  about: `Propose a family and a mapping for records of your own: drafts with a comment at each fact and each question.

The records are in a file (JSON lines, a JSON array, or CSV with commas, semicolons or tabs), on standard input ("-"), or the newest ones of any
topic, which is only read. Existing files are not changed.`,
  more: `
Numbers are metrics, truth values and texts that change within an entity are states, and other texts are tags, with what the records show of
them. What these do not state is a question in a comment, to answer in the files: the entity, unless a field equals the record key, the time,
units. The most frequent shape of records is drafted.

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
    const families = readSettings([FAMILY_FILES], terminal.environment).familiesDir
    const mappings = getMappingsFolder(terminal)
    const files = [
      { path: resolve(PROJECT, families, `${name}.yaml`), shown: families, content: proposal.family },
      { path: join(mappings.path, `${name}.yaml`), shown: mappings.shown, content: proposal.mapping },
    ].map(file => ({ ...file, shown: join(file.shown, `${name}.yaml`) }))
    if (!dryRun) await writeFiles(files, Object.hasOwn(settings.families.byName, name) ? name : undefined)
    for (const { shown, content } of files)
      terminal.stdout.write(dryRun ? `# ${shown}\n${content}\n` : `Wrote ${shown}\n`)
    terminal.stdout.write(formatReport(name, from, sample, proposal))
  },
})

const MAX_LISTED = 8

/** Formats what the drafts do not take, and what to do next. @param from the argument of the command */
function formatReport(
  name: string,
  from: string,
  { name: sample, isTopic, records }: Sample,
  { taken, refused, others, questions, unused }: Proposal,
): string {
  const list = <Row>(title: string, rows: readonly Row[], toCells: (row: Row) => readonly string[]) => {
    const more = rows.length > MAX_LISTED ? [`  and ${rows.length - MAX_LISTED} more`] : []
    const listed = rows.slice(0, MAX_LISTED).map(toCells)
    return rows.length > 0 ? [title, ...formatList(listed, '  '), ...more] : []
  }
  const ofOthers = `There is no draft for ${count(others, 'record')} of other shapes: save them as a file of their own.`
  const lines = [
    `The drafts accept ${taken} of ${count(records.length, isTopic ? 'sample record' : 'record')} of ${sample}.`,
    ...(others > 0 ? [ofOthers] : []),
    ...list('They refuse:', refused, ({ place, reason }) => [place, reason]),
    ...list('Questions, to answer in the files:', questions, question => [question]),
    ...(unused.length > 0 ? [`not used: ${unused.join(', ')}`] : []),
  ]
  return escapeTextLines(`${lines.join('\n')}

Next, \`npx sluice mappings try ${quoteWord(from)} --mapping ${name}\` shows each record as a reading, or why it is refused.
With this in config/inputs.yaml, \`npm start\` reads the topic, also if it is running:

inputs:
  - topic: ${isTopic ? sample : 'TOPIC'}
    mappings: [${name}]
`)
}

/** Returns the name of a file or topic as the name of a family. */
function toFamilyName(sample: string): string {
  const words = splitWords(basename(sample, /[.](csv|tsv|txt|json|jsonl|ndjson)$/i.exec(sample)?.[0] ?? ''))
  const name = words.join('-').replace(/^[^a-z]+/, '')
  return name.slice(0, MAX_NAME_LENGTH).replace(/-$/, '') || 'sample'
}

type DraftFile = Readonly<Record<'path' | 'shown' | 'content', string>>

/** Writes all files or none. @param family name of a family that there is already @throws CliFailure for it, or for a file that exists */
async function writeFiles(files: readonly DraftFile[], family: string | undefined): Promise<void> {
  const present = files.find(({ path }) => existsSync(path))
  const what = present ? `${present.shown} already exists` : family && `There is already a family ${family}`
  if (what) throw new CliFailure(`${what}, so nothing was written. Choose another name with --name.`)
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
