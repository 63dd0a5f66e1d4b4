import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import type { KeyStrategy } from '../../lib/telemetry/key.ts'
import { choice, listParserOf, numberWithin, parserOf, SOME_TEXT, someText } from '../arguments.ts'
import { count } from '../count.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { fileFailure } from '../files.ts'
import { more } from '../help.ts'
import { UTC_OFFSET } from '../import/instant.ts'
import { mappingNamed } from '../import/mapping-named.ts'
import { type Series, type SeriesOptions, seriesOf } from '../import/series.ts'
import {
  type ImportCounts,
  type ImportPlan,
  importLines,
  type MappedPlan,
  type SeriesPlan,
} from '../import/stream.ts'
import { KEY_BY, KEY_BY_FLAG } from '../key-by.ts'
import { pathIn, printReport, type Terminal } from '../terminal.ts'

interface ImportOptions extends SeriesOptions {
  readonly mapping?: readonly string[]
  readonly keyBy?: KeyStrategy
  readonly entity?: string
  readonly timestampColumn: string
  readonly valueColumn: string
  readonly utcOffset: string
  readonly output?: string
  readonly skipInvalid?: true
  readonly json?: true
}

const ABOUT = `Turn CSV files, or JSON lines, into a stream of CloudEvents, one JSON document a line, for \`sluice replay\`.

Of CSV files, one column holds timestamps, another the values of one metric. JSON lines, which can be gzip, are read by a mapping: a file of
MAPPINGS_DIR by its name, or any other by its path; see config/mappings/README.md. The same file gives the same events.`

const METRICS = Object.values(FAMILIES).map(
  ({ name, metrics }) =>
    `  ${name}: ${Object.entries(metrics)
      .map(([metric, unit]) => (unit === '1' ? metric : `${metric} (${unit})`))
      .join(', ')}`,
)

const MORE = `
Metrics, and the units they are kept in:
${METRICS.join('\n')}

Example:
  sluice import office.csv --metric temperature --unit F --site office --utc-offset -05:00 --output office.jsonl
  sluice replay office.jsonl --speed max
  sluice import metrics.jsonl --mapping database-metrics --key-by tenant --output metrics-stream.jsonl`

export function addImport(program: Command, terminal: Terminal): void {
  program
    .command('import')
    .summary('turn CSV files, or JSON lines, into a stream of CloudEvents')
    .description(ABOUT)
    .argument('<file...>', 'CSV files with a header, or JSON lines, one after another into one stream')
    .option(
      '--mapping <name>',
      'read JSON lines by this mapping, a name or a file; again for more',
      listParserOf(SOME_TEXT),
    )
    .addOption(choice('--family <name>', 'what was measured', Object.keys(FAMILIES)).default('environment'))
    .option('--metric <name>', "the metric in the value column (default: the family's first)")
    .option('--unit <unit>', "unit of the value column (default: the metric's own)")
    .option('--entity <id>', 'id of the sensor, instance or device (default: the name of the file)', someText)
    .option('--site <name>', 'environment: where the sensor stands (default: "unknown")', someText)
    .option('--latitude <degrees>', 'environment: north positive (default: 0)', numberWithin(-90, 90))
    .option('--longitude <degrees>', 'environment: east positive (default: 0)', numberWithin(-180, 180))
    .option('--database-type <name>', 'database: which product (default: "unknown")', someText)
    .option('--model <name>', 'device: its model (default: "unknown")', someText)
    .option('--tenant <name>', 'whose it is (default: "default" for databases, else none)', someText)
    .option('--timestamp-column <name>', 'header of the timestamps', someText, 'timestamp')
    .option('--value-column <name>', 'header of the values', someText, 'value')
    .option(
      '--utc-offset <±hh:mm>',
      'the offset from UTC of timestamps without a zone',
      parserOf(UTC_OFFSET),
      '+00:00',
    )
    .option(
      KEY_BY_FLAG,
      'give each event a key: by instance, type, tenant, random, or a field such as location.site',
      parserOf(KEY_BY),
    )
    .option('--skip-invalid', 'leave out rows or lines that cannot be read, and count them')
    .option('--output <file>', 'write here instead of to standard output', someText)
    .option('--json', 'print the counts as one JSON document; with --output only')
    .addHelpText('after', more(MORE))
    .action((files: string[], options: ImportOptions, command: Command) =>
      importFiles(files, options, command, terminal),
    )
}

async function importFiles(
  files: readonly string[],
  options: ImportOptions,
  command: Command,
  terminal: Terminal,
): Promise<void> {
  const { source, kind } = await sourceOf(options, command, terminal)
  const output = options.output && pathIn(terminal, options.output)
  if (files.some(file => pathIn(terminal, file) === output))
    throw usageFailure('--output names a file that is to be imported: its rows would be lost')
  if (options.json && output === undefined)
    throw usageFailure('--json prints to standard output, where the stream goes: name a file with --output.')
  const plan: ImportPlan = { ...source, skipInvalid: options.skipInvalid ?? false, keyBy: options.keyBy }
  const counts: ImportCounts = { events: 0, skipped: 0 }
  try {
    const target = output ? createWriteStream(output) : terminal.stdout
    const lines = Readable.from(importLines(files, plan, counts, terminal))
    await pipeline(lines, target, { end: target !== terminal.stdout, signal: terminal.stop })
  } catch (error) {
    if (!terminal.stop.aborted)
      throw incomplete(fileFailure(options.output ?? 'standard output', error), counts)
  }
  if (options.json) return printReport(terminal, importReport(kind, counts, terminal), true, String)
  terminal.stderr.write(`${summary(kind, counts, terminal)}\n`)
}

/** What is imported, for the summary and the report. */
type Kind = { readonly series: Series } | { readonly mappings: readonly Mapping[] }

async function sourceOf(
  options: ImportOptions,
  command: Command,
  terminal: Terminal,
): Promise<{ readonly source: SeriesPlan | MappedPlan; readonly kind: Kind }> {
  if (options.mapping !== undefined) {
    const unfit = command.options.find(
      option =>
        !WITH_MAPPING.has(option.long ?? '') &&
        command.getOptionValueSource(option.attributeName()) === 'cli',
    )
    if (unfit) throw usageFailure(`${unfit.long} is for CSV files: with --mapping, the mapping says it`)
    const mappings = await Promise.all(options.mapping.map(named => mappingNamed(named, terminal)))
    return { source: { mappings }, kind: { mappings } }
  }
  const series = seriesOf(options)
  const source: SeriesPlan = {
    series,
    ...(options.entity === undefined ? {} : { entity: options.entity }),
    columns: { timestamp: options.timestampColumn, value: options.valueColumn },
    utcOffset: options.utcOffset,
  }
  return { source, kind: { series } }
}

/** The options that say nothing about what the files hold. */
const WITH_MAPPING = new Set(['--mapping', '--key-by', '--skip-invalid', '--output', '--json'])

/** The lines before the failure look like a complete stream, so the message must say that they are not. */
function incomplete(error: unknown, { events }: ImportCounts): unknown {
  if (!(error instanceof CliFailure) || events === 0) return error
  return new CliFailure(
    `${error.message}\nStopped: only the ${count(events, 'event')} before it ${events === 1 ? 'is' : 'are'} written.`,
  )
}

function importReport(kind: Kind, { events, skipped }: ImportCounts, { stop }: Terminal) {
  const counts = { events, skippedRows: skipped, complete: !stop.aborted }
  if ('mappings' in kind) return { mappings: kind.mappings.map(({ name }) => name), ...counts }
  const { family, metric } = kind.series
  return { family: family.name, metric, unit: family.metrics[metric], ...counts }
}

function summary(kind: Kind, { events, skipped }: ImportCounts, { stop }: Terminal): string {
  const what = 'mappings' in kind ? mappingsText(kind.mappings) : seriesText(kind.series)
  const invalid = count(skipped, 'mappings' in kind ? 'invalid line' : 'invalid row')
  return `${stop.aborted ? 'Stopped: imported only' : 'Imported'} ${count(events, 'event')} (${what}), skipped ${invalid}`
}

function seriesText({ family, metric }: Series): string {
  return `${family.name} ${metric}, ${family.metrics[metric]}`
}

function mappingsText(mappings: readonly Mapping[]): string {
  return `mapping ${mappings.map(({ name }) => name).join(', ')}`
}
