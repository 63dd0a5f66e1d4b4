import { isUtf8 } from 'node:buffer'
import { extname } from 'node:path'
import { Readable } from 'node:stream'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { readDocuments } from '../../lib/operations/import/csv-rows.ts'
import {
  parseRecord,
  type Trial,
  type TriedRecord,
  tryRecord,
  UNTAKEN,
} from '../../lib/operations/import/mapping-trial.ts'
import { listMappings } from '../../lib/operations/import/named-mapping.ts'
import { count as numbered } from '../../lib/support/count.ts'
import { argument, command, flag, optionList, SOME_TEXT } from '../command.ts'
import { CliFailure } from '../failure.ts'
import { readInput, splitDocuments, toInputName } from '../input.ts'
import { getMappingsFolder, loadMappings } from '../options/mapping.ts'
import { formatList } from '../output/table.ts'
import { escapeText, shortenEnd } from '../output/text-width.ts'
import { getColumns, type Terminal } from '../terminal.ts'

type Verdict =
  | { readonly accepted: true; readonly event: Readonly<Record<string, unknown>> }
  | { readonly accepted: false; readonly code: string; readonly reason: string }

/**
 * Formats the verdict on a record. The position is followed by one line for each attribute and for the data or, for a refused
 * record, by the failure code and the reason.
 */
function formatVerdict(place: string, verdict: Verdict, columns: number | undefined): string {
  const lines = verdict.accepted
    ? [`${place}  ✓ ${verdict.event.type}`, ...formatMembers(verdict.event)]
    : [`${place}  ✗ ${verdict.code}: ${verdict.reason}`]
  return lines.map(line => `${shortenEnd(escapeText(line), columns)}\n`).join('')
}

/** Returns a summary such as `3 records: 1 event, 2 refused (malformed-event 1, not-a-cloudevent 1)`. */
function formatSummary(verdicts: readonly Verdict[]): string {
  const codes = new Map<string, number>()
  for (const verdict of verdicts)
    if (!verdict.accepted) codes.set(verdict.code, (codes.get(verdict.code) ?? 0) + 1)
  const refused = [...codes.values()].reduce((sum, count) => sum + count, 0)
  const each = [...codes].map(([code, count]) => `${code} ${count}`).join(', ')
  const records = numbered(verdicts.length, 'record')
  return `${records}: ${numbered(verdicts.length - refused, 'event')}, ${refused} refused${each && ` (${each})`}\n`
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

/** A record with its line number. It is the record's first line or, in a CSV file, its last line. */
type NumberedRecord = { readonly line: number; readonly record: TriedRecord }

/** Returns the records of a file. A text that begins with a bracket is parsed as JSON, unless the file name ends in `.csv`. */
export async function parseRecords(file: string, text: string): Promise<NumberedRecord[]> {
  if (text.trim() === '') return []
  const isCsv = extname(file).toLowerCase() === '.csv' || !/^[\s\ufeff]*[[{]/.test(text)
  if (!isCsv)
    return splitDocuments(text).map(({ line, text: own }) => ({
      line,
      record: parseRecord(own, [file, line]),
    }))
  const records: NumberedRecord[] = []
  for await (const { line, ...row } of readDocuments(Readable.from([text])))
    records.push({ line, record: 'error' in row ? row : { ...row, position: [file, line] } })
  return records
}

export default command({
  about: `Show the result of mappings for each record of a file: the event that \`intake\` would append, or the reason why there is none. No server is needed.

FILE has JSON lines, a JSON array, or CSV with a header; "-" is standard input. A cell of a CSV file is a number if it looks like one. Without
--mapping, all mappings of MAPPINGS_DIR are tried, in the order of their names.`,
  more: `
Where no mapping takes a record, each names its first condition that is not met. Data is judged by the schema of its type. The time null stands
for that of the record in Kafka. The id of the event is not shown, because it can depend on topic, partition and offset.

Output of --json: each line is one record with line, accepted, and mapping, others (that take it, too) and event, or code and reason. The exit
status is 1 if none was mapped, or if one failed; those that no mapping takes do not count.

Examples:
  sluice mappings try readings.csv
  sluice mappings try export.jsonl --mapping ./mine.yaml
  sluice mappings try - --json`,
  args: {
    file: argument('the records, or "-"', SOME_TEXT),
  },
  options: {
    mapping: optionList('<name>', 'try this mapping, a name or a file; again for more', SOME_TEXT),
    json: flag('print one JSON document a record'),
  },
  run: async ({ file, mapping, json }, terminal) => {
    const names = mapping.length > 0 ? mapping : await listMappings(getMappingsFolder(terminal))
    await tryMappings(file, await loadMappings(names, terminal), json, terminal)
  },
})

/** Tries the mappings on a file. @throws OperationFailure if the file cannot be read, a record fails, or no record is mapped */
async function tryMappings(
  file: string,
  mappings: readonly Mapping[],
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  const name = toInputName(file)
  const bytes = await readInput(file, terminal)
  if (!isUtf8(bytes)) throw new CliFailure(`${name}: the text is not UTF-8`)
  const records = await parseRecords(file, bytes.toString())
  if (records.length === 0) throw new CliFailure(`${name}: contains no record`)
  const trials = records.map(({ line, record }) => ({ line, ...toShownTrial(tryRecord(mappings, record)) }))
  const columns = getColumns(terminal)
  for (const trial of trials) {
    const place = [`${name}:${trial.line}`, ...(trial.accepted ? [trial.mapping] : [])].join(' ')
    terminal.stdout.write(json ? `${JSON.stringify(trial)}\n` : formatVerdict(place, trial, columns))
  }
  if (!json) terminal.stdout.write(formatSummary(trials))
  if (!trials.some(({ accepted }) => accepted)) throw new CliFailure('No record was mapped.')
  const failed = trials.filter(one => !one.accepted && !UNTAKEN.has(one.code)).length
  if (failed > 0) throw new CliFailure(`${failed} of ${trials.length} records failed.`)
}

/** Returns the result to show. The id of the event is omitted, because it can depend on the topic. */
function toShownTrial(trial: Trial) {
  if (!trial.accepted) return trial
  const { type, source, subject, time = null, data } = trial.event
  return { ...trial, event: { type, source, subject, time, data } }
}
