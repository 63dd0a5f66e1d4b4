import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { omitUndefined } from '#runtime/consumer/index.ts'
import { oneOf } from '#runtime/settings/index.ts'
import type { Mapping } from '../../lib/mapping/mapping.ts'
import {
  type ImportCounts,
  type ImportPlan,
  importLines,
  type MappedPlan,
  type SeriesPlan,
} from '../../lib/operations/import/event-lines.ts'
import { resolveSeries, type Series } from '../../lib/operations/import/series.ts'
import { UTC_OFFSET } from '../../lib/operations/import/timestamp.ts'
import { fileFailure, OperationFailure } from '../../lib/operations/operation-failure.ts'
import { openFile } from '../../lib/operations/replay/recording-file.ts'
import { count } from '../../lib/support/count.ts'
import { hasSymbol } from '../../lib/support/short-number.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import {
  ANY_TEXT,
  argument,
  command,
  flag,
  option,
  optionList,
  optionWithDefault,
  SOME_TEXT,
  type ValuesOf,
} from '../command.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { getMappingsFolder, loadMappings } from '../options/mapping.ts'
import { resolvePath, type Terminal } from '../terminal.ts'
import { KEY_BY } from './key-by.ts'

type ImportOptions = ValuesOf<typeof OPTIONS>

const METRICS = Object.values(FAMILIES).map(
  ({ name, metrics }) =>
    `  ${name}: ${Object.entries(metrics)
      .map(([metric, unit]) => (hasSymbol(unit) ? `${metric} (${unit})` : metric))
      .join(', ')}`,
)

const OPTIONS = {
  mapping: optionList(
    '<name>',
    'read JSON lines, or CSV with any columns, by this mapping, a name or a file; again for more',
    SOME_TEXT,
  ),
  family: option(
    '<name>',
    'family of the readings (default: the only one with this metric)',
    oneOf(Object.keys(FAMILIES)),
  ),
  metric: option('<name>', "the metric in the value column (default: the family's first)", ANY_TEXT),
  unit: option('<unit>', "unit of the value column (default: the metric's own)", ANY_TEXT),
  entity: option('<id>', 'id of the sensor, instance or device (default: the name of the file)', SOME_TEXT),
  dimension: optionList(
    '<name=value>',
    'dimension of the entity, such as tenant=acme; again for more (default: "unknown")',
    SOME_TEXT,
  ),
  timestampColumn: optionWithDefault('<name>', 'header of the timestamps', SOME_TEXT, 'timestamp'),
  valueColumn: optionWithDefault('<name>', 'header of the values', SOME_TEXT, 'value'),
  utcOffset: optionWithDefault(
    '<±hh:mm>',
    'the offset from UTC of timestamps without a zone',
    UTC_OFFSET,
    '+00:00',
  ),
  keyBy: option(
    '<strategy>',
    'give each event a key: by instance, type, tenant, random, or a field of the data',
    KEY_BY,
  ),
  skipInvalid: flag('skip rows or lines that cannot be read, and count them'),
  output: option('<file>', 'file to write (default: standard output)', SOME_TEXT),
}

export default command({
  about: `Turn a CSV file, or JSON lines, into a stream of CloudEvents, one JSON document a line, for \`sluice replay\`.

A CSV file has one column of timestamps, and one with the values of one metric of one entity. JSON lines, also in a file that ends in .gz, and CSV
files of other forms are read by a mapping: a file of MAPPINGS_DIR by its name, or any other by its path; see config/mappings/README.md. \`sluice mappings try\` tries it. The same file gives the same events.`,
  more: `
Metrics, and the units they are kept in:
${METRICS.join('\n')}

Example:
  sluice import office.csv --metric METRIC --unit F --dimension tenant=acme --utc-offset -05:00 --output office.jsonl
  sluice replay office.jsonl --speed max
  sluice import metrics.jsonl --mapping MAPPING --key-by tenant --output metrics-stream.jsonl`,
  args: {
    file: argument('a CSV file with a header, or a file of JSON lines', SOME_TEXT),
  },
  options: OPTIONS,
  conflicts: [
    [
      'mapping',
      'family',
      'metric',
      'unit',
      'entity',
      'dimension',
      'timestampColumn',
      'valueColumn',
      'utcOffset',
    ],
  ],
  run: importFile,
})

async function importFile(
  { file, ...options }: ImportOptions & { readonly file: string },
  terminal: Terminal,
): Promise<void> {
  const mappings = getMappingsFolder(terminal)
  const { source, kind } = await resolveSource(options, terminal)
  const output = options.output && resolvePath(terminal, options.output)
  if (resolvePath(terminal, file) === output)
    throw usageFailure('--output is the imported file, whose rows would be lost: choose another file')
  const plan: ImportPlan = { ...source, skipInvalid: options.skipInvalid, keyBy: options.keyBy }
  const counts: ImportCounts = { events: 0, skipped: 0 }
  try {
    const target = output ? createWriteStream(output) : terminal.stdout
    const lines = Readable.from(
      importLines(file, plan, counts, {
        open: name => openFile(resolvePath(terminal, name)),
        mappings,
        onSkipped: line => terminal.stderr.write(`${line}\n`),
      }),
    )
    await pipeline(lines, target, { end: target !== terminal.stdout, signal: terminal.stop })
  } catch (error) {
    if (!terminal.stop.aborted)
      throw toIncompleteFailure(fileFailure(options.output ?? 'standard output', error), counts)
  }
  terminal.stderr.write(`${formatSummary(kind, counts, terminal)}\n`)
}

/** How records are converted: by a series or by mappings. The summary shows it. */
type Kind = { readonly series: Series } | { readonly mappings: readonly Mapping[] }

async function resolveSource(
  options: ImportOptions,
  terminal: Terminal,
): Promise<{ readonly source: SeriesPlan | MappedPlan; readonly kind: Kind }> {
  if (options.mapping.length > 0) {
    const mappings = await loadMappings(options.mapping, terminal)
    return { source: { mappings }, kind: { mappings } }
  }
  const { entity, utcOffset, timestampColumn, valueColumn } = options
  const series = resolveSeries(options)
  const source: SeriesPlan = {
    series,
    ...omitUndefined({ entity }),
    columns: { timestamp: timestampColumn, value: valueColumn },
    utcOffset,
  }
  return { source, kind: { series } }
}

/**
 * Adds to the error message that the output is incomplete, because the lines that have been written look like a complete stream.
 */
function toIncompleteFailure(error: unknown, { events }: ImportCounts): unknown {
  if (!(error instanceof OperationFailure) || events === 0) return error
  return new CliFailure(
    `${error.message}\nStopped: only the ${count(events, 'event')} before it ${events === 1 ? 'is' : 'are'} written.`,
  )
}

function formatSummary(kind: Kind, { events, skipped }: ImportCounts, { stop }: Terminal): string {
  const what = 'mappings' in kind ? formatMappings(kind.mappings) : formatSeries(kind.series)
  const invalid = count(skipped, 'mappings' in kind ? 'invalid line' : 'invalid row')
  return `${stop.aborted ? 'Stopped: imported only' : 'Imported'} ${count(events, 'event')} (${what}), skipped ${invalid}`
}

function formatSeries({ family, metric }: Series): string {
  const unit = family.metrics[metric]
  return `${family.name} ${metric}${hasSymbol(unit) ? `, ${unit}` : ''}`
}

function formatMappings(mappings: readonly Mapping[]): string {
  return `mapping ${mappings.map(({ name }) => name).join(', ')}`
}
