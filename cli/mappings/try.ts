import { Unavailable } from '#runtime/pipeline'
import type { Config } from '../../control/environment/config.ts'
import { flagField, listField, nameField, optionField } from '../../control/questions/field.ts'
import { describeNoTime } from '../../control/recordings/import/mapped-lines.ts'
import { createTrial } from '../../control/recordings/import/mapping-trial.ts'
import { dataReader } from '../../lib/app/data/data-reader.ts'
import { resolveInputs } from '../../lib/app/inputs/inputs.ts'
import { loadAllInputs } from '../../lib/app/inputs/loaded-inputs.ts'
import type { Input } from '../../lib/intake/input.ts'
import { describeMergedKeys, MERGED_ADVICE } from '../../lib/intake/merged-keys.ts'
import type { LoadedInput } from '../../lib/intake/read-record.ts'
import { describeHiddenMappings } from '../../lib/mapping/hidden-mappings.ts'
import { count as numbered } from '../../lib/support/count.ts'
import { command } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { loadMappings } from '../options/mapping.ts'
import { formatList } from '../output/table.ts'
import { escapeText, shortenEnd } from '../output/text-width.ts'
import { readSample, SAMPLE_OPTIONS, type Sample } from '../sample-records.ts'
import { resolveConfig } from '../servers/settings.ts'
import { getColumns, type Terminal } from '../terminal.ts'

/** Number of records with the same mapping, or with the same reason, that are shown. */
const MAX_ALIKE = 5

type Verdict = Awaited<ReturnType<typeof trySample>>[number]['trial']

/**
 * Formats the verdict on a record. The position is followed by one line for each attribute and for the data or, for a refused
 * record, by the failure code and the reason.
 */
function formatVerdict(place: string, verdict: Verdict, columns: number | undefined): string {
  const lines = verdict.accepted
    ? [`${place}  ✓ ${verdict.event.type}`, ...formatMembers(verdict.event)]
    : [`${place}  ${verdict.code === 'tombstone' ? '–' : '✗'} ${verdict.code}: ${verdict.reason}`]
  return lines.map(line => `${shortenEnd(escapeText(line), columns)}\n`).join('')
}

/** Returns a summary such as `3 records: 1 event, 2 refused (malformed-event 1, mapping-failed 1)`. */
function formatSummary(verdicts: readonly Verdict[]): string {
  const codes = new Map<string, number>()
  for (const verdict of verdicts)
    if (!verdict.accepted) codes.set(verdict.code, (codes.get(verdict.code) ?? 0) + 1)
  const tombstones = codes.get('tombstone') ?? 0
  codes.delete('tombstone')
  const refused = [...codes.values()].reduce((sum, count) => sum + count, 0)
  const each = [...codes].map(([code, count]) => `${code} ${count}`).join(', ')
  const records = numbered(verdicts.length, 'record')
  const events = numbered(verdicts.length - refused - tombstones, 'event')
  const ignored = tombstones === 0 ? '' : `, ${tombstones} ignored (tombstone)`
  return `${records}: ${events}, ${refused} refused${each && ` (${each})`}${ignored}\n`
}

/** Attributes that are not listed. The type is shown on the first line, and the specversion is the same for all events. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['specversion', 'type'])

function formatMembers(event: Readonly<Record<string, unknown>>): string[] {
  const members = Object.entries(event).filter(([name]) => !NOT_SHOWN.has(name))
  return formatList(
    members.map(([name, value]) => [name, formatMember(name, value)]),
    '  ',
  )
}

function formatMember(name: string, value: unknown): string {
  return typeof value === 'string' && name !== 'data' ? value : JSON.stringify(value)
}

export default command({
  about: `Show the result of mappings for the records of a file, or for the newest records of a topic: the event that \`intake\` would append now, or its
reason why there is none. Nothing is written. Only a topic needs a server.

A file has JSON lines, a JSON array, or CSV with a header, whose delimiter is a comma, a semicolon or a tab, or named by a first line such as
sep=|; "-" is standard input. A cell of a CSV file is a number if it looks like one. Without --mapping, the entry of an input decides, else all mappings of MAPPINGS_DIR, in the order of their
names.`,
  more: `
The first ${MAX_ALIKE} events of each mapping are shown, and the first ${MAX_ALIKE} records with the same reason; the summary counts all, and --json shows all.

Where no mapping takes a record, each names its first condition that is not met. For a record of a file, the time null stands for that of the
record in Kafka, and \`sluice import\` refuses it. The id of the event is not shown, because it can depend on topic, partition and offset.

Output of --json: each line is one record with line, accepted, and mapping, others (that take it, too), unused (its fields that the mapping does
not read) and event, or code, reason and failed. A reading that is passed on has the mapping null. The exit status is 1 if none was accepted, or if
one failed; those that no mapping takes do not count. Nor do tombstones, which inputs ignore.

Examples:
  sluice mappings try readings.csv
  sluice mappings try export.jsonl --mapping ./mine.yaml
  sluice mappings try greenhouse --count 20
  sluice mappings try - --json`,
  fields: {
    from: nameField('a file with records, "-", or a topic'),
    mapping: listField(optionField('<name>', 'try this mapping, a name or a file; again for more')),
    ...SAMPLE_OPTIONS,
    json: flagField('print one JSON document a record'),
  },
  run: async ({ from, mapping, json, ...options }, terminal) => {
    const config = resolveConfig(terminal, options.env)
    const sample = await readSample(from, options, terminal)
    const input = await loadInput(sample, config, mapping, terminal)
    for (const warning of describeHiddenMappings([input.loadedMappings]))
      terminal.stderr.write(`! ${warning}\n`)
    const trials = await trySample(config, input, sample)
    const keyed = trials.flatMap(({ trial, key }) => (trial.accepted ? [[key, trial.event] as const] : []))
    for (const line of describeMergedKeys(keyed))
      terminal.stderr.write(`! ${escapeText(line)}. ${MERGED_ADVICE}\n`)
    tryMappings(trials, json, terminal)
  },
})

/** Returns the entry of a topic that is an input, unless other mappings are named. */
async function loadInput(
  { name, isTopic }: Sample,
  config: Config,
  named: readonly string[],
  terminal: Terminal,
): Promise<LoadedInput> {
  const isEntry = ({ topic }: Input) => isTopic && named.length === 0 && topic === name
  const [entry] = (await loadAllInputs(config, resolveInputs(config).filter(isEntry))).values()
  return entry ?? { topic: name, loadedMappings: await loadMappings(config, named, terminal) }
}

/** Tries all records of a sample. The id of an event is omitted, because it can depend on the topic. */
async function trySample(config: Config, input: LoadedInput, { records }: Sample) {
  const reader = dataReader(config)
  const tryRecord = createTrial(config, input, Date.now(), reader)
  await reader.prepare(records.flatMap(({ record }) => ('error' in record ? [] : record))).catch(error => {
    throw error instanceof Unavailable ? new CliFailure(error.message, 1, { cause: error }) : error
  })
  return records.map(({ place, line, record, content }) => {
    const trial = tryRecord(record, content)
    const key = 'error' in record ? null : record.key
    if (!trial.accepted) return { place, key, trial: { line, ...trial } }
    const { event, time: used, ...others } = trial
    const { type, source, subject, time = content ? null : used, data } = event
    return { place, key, trial: { line, ...others, event: { type, source, subject, time, data } } }
  })
}

/** Prints the outcomes. @throws CliFailure if a record fails, or no record is mapped */
function tryMappings(trials: Awaited<ReturnType<typeof trySample>>, json: boolean, terminal: Terminal): void {
  const columns = getColumns(terminal)
  const alike = new Map<string, number>()
  for (const { place, trial } of trials) {
    const kind = trial.accepted ? (trial.mapping ?? '') : `${trial.code}: ${trial.reason}`
    alike.set(kind, (alike.get(kind) ?? 0) + 1)
    if (json) terminal.stdout.write(`${JSON.stringify(trial)}\n`)
    else if ((alike.get(kind) ?? 0) <= MAX_ALIKE)
      terminal.stdout.write(formatVerdict(trial.accepted ? `${place} ${kind}`.trim() : place, trial, columns))
  }
  const verdicts = trials.map(({ trial }) => trial)
  if (!json)
    terminal.stdout.write(
      formatLeftOut(alike, columns) + formatSummary(verdicts) + formatUnused(verdicts, columns),
    )
  const timeless = verdicts.flatMap(found =>
    found.accepted && found.event.time === null ? [found.mapping] : [],
  )
  for (const mapping of new Set(timeless)) terminal.stderr.write(`! ${describeNoTime(mapping)}\n`)
  if (!verdicts.some(({ accepted }) => accepted)) throw new CliFailure('No record was mapped.')
  const failed = verdicts.filter(verdict => !verdict.accepted && verdict.failed).length
  if (failed > 0) throw new CliFailure(`${failed} of ${trials.length} records failed.`)
}

/** Returns lines with the numbers of records that are not shown, because others have the same mapping or the same reason. */
function formatLeftOut(alike: ReadonlyMap<string, number>, columns: number | undefined): string {
  return [...alike]
    .filter(([, count]) => count > MAX_ALIKE)
    .map(
      ([kind, count]) => `${shortenEnd(escapeText(`… and ${count - MAX_ALIKE} more  ${kind}`), columns)}\n`,
    )
    .join('')
}

/** Returns a line for each mapping that took records and did not read all their fields. */
function formatUnused(verdicts: readonly Verdict[], columns: number | undefined): string {
  const accepted = verdicts.filter(verdict => verdict.accepted)
  const byMapping = Map.groupBy(accepted, ({ mapping }) => mapping)
  const lines = [...byMapping].flatMap(([mapping, taken]) => {
    const names = [...new Set(taken.flatMap(({ unused }) => unused))].join(', ')
    return names === '' ? [] : `not used${byMapping.size > 1 ? ` by ${mapping}` : ''}: ${names}`
  })
  return lines.map(line => `${shortenEnd(escapeText(line), columns)}\n`).join('')
}
