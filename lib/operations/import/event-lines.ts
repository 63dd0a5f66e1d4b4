/** Converts a file to a stream with one event per line. */
import { basename, extname } from 'node:path'
import type { Readable } from 'node:stream'
import { toJsonEvent } from '#runtime/cloudevents/index.ts'
import type { Event } from '#runtime/consumer/index.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import { KeyFieldMissing, type KeyStrategy } from '../../telemetry/key.ts'
import { readNumberedLines } from '../numbered-lines.ts'
import { fileFailure, OperationFailure } from '../operation-failure.ts'
import { addSelectedKey } from '../publish/selected-key.ts'
import { convertRow, type Recording } from './csv-event.ts'
import { type BrokenRow, type Columns, readDocuments, readRows } from './csv-rows.ts'
import { convertDocument, convertLine } from './mapped-lines.ts'
import { describeMappings, type MappingsFolder } from './named-mapping.ts'

/** Plan for a CSV file whose rows have common properties. If `entity` is absent, the file name is the entity. */
export interface SeriesPlan extends Omit<Recording, 'file' | 'entity'> {
  readonly entity?: string
  readonly columns: Columns
}

/** Plan for JSON lines, or for a CSV file with any columns. The first mapping that accepts a line converts it. */
export interface MappedPlan {
  readonly mappings: readonly Mapping[]
}

export type ImportPlan = (SeriesPlan | MappedPlan) & {
  readonly skipInvalid: boolean
  /** Key strategy for the `partitionkey` of the events. If undefined, events have no `partitionkey`. */
  readonly keyBy: KeyStrategy | undefined
}

/** Progress of an import, updated while it runs. */
export interface ImportCounts {
  events: number
  skipped: number
}

/** Ports of an import. */
export interface ImportPorts {
  /** Opens a file by the name that the user has given. */
  readonly open: (file: string) => Readable
  readonly mappings: MappingsFolder
  /** Called with a message for each skipped row, up to a maximum number of rows. */
  readonly onSkipped: (line: string) => void
}

/** Maximum number of skipped rows to report. Further skipped rows are only counted. */
const MAX_NAMED = 20

/**
 * Yields the events in a file as lines in the JSON event format.
 *
 * @throws OperationFailure for a file that cannot be read, or for an invalid row if the plan does not skip invalid rows
 */
export async function* importLines(
  file: string,
  plan: ImportPlan,
  counts: ImportCounts,
  ports: ImportPorts,
): AsyncGenerator<string> {
  const rows = 'mappings' in plan ? readMappedEvents(file, plan, ports) : readSeriesEvents(file, plan, ports)
  for await (const row of wrapFileErrors(file, rows)) {
    const event = 'error' in row.event ? row.event : addKey(row.event, row.line, plan.keyBy)
    if ('error' in event) {
      skipRow(file, event, plan, counts, ports)
      continue
    }
    counts.events++
    yield `${JSON.stringify(toJsonEvent(event))}\n`
  }
}

interface Row {
  readonly line: number
  readonly event: Event | BrokenRow
}

/** Adds the file name to operating-system errors. */
async function* wrapFileErrors(file: string, rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  try {
    yield* rows
  } catch (error) {
    throw fileFailure(file, error)
  }
}

async function* readSeriesEvents(file: string, plan: SeriesPlan, ports: ImportPorts): AsyncGenerator<Row> {
  const entity = plan.entity ?? basename(file, extname(file))
  const recording: Recording = { ...plan, file: basename(file), entity }
  for await (const row of readRows(ports.open(file), plan.columns))
    yield {
      line: row.line,
      event: 'error' in row ? await explainError(row, ports) : convertRow(recording, row),
    }
}

/**
 * Explains the error of a row. For JSON lines, the explanation states that a mapping is required, and lists the existing mappings.
 */
async function explainError(row: BrokenRow, { mappings }: ImportPorts): Promise<BrokenRow> {
  if (!row.isJson) return row
  const error = `${row.error}: specify the mapping for JSON lines with --mapping. ${await describeMappings(mappings)}`
  return { ...row, error }
}

async function* readMappedEvents(
  file: string,
  { mappings }: MappedPlan,
  ports: ImportPorts,
): AsyncGenerator<Row> {
  const name = basename(file)
  if (extname(file).toLowerCase() === '.csv')
    for await (const row of readDocuments(ports.open(file)))
      yield { line: row.line, event: 'error' in row ? row : convertDocument(mappings, name, row) }
  else
    for await (const lines of readNumberedLines(ports.open(file), file))
      for (const line of lines)
        if (line.text.trim() !== '') yield { line: line.number, event: convertLine(mappings, name, line) }
}

function addKey(event: Event, line: number, strategy: KeyStrategy | undefined): Event | BrokenRow {
  try {
    return strategy === undefined ? event : addSelectedKey(event, strategy)
  } catch (error) {
    if (error instanceof KeyFieldMissing) return { line, error: error.message }
    throw error
  }
}

function skipRow(
  file: string,
  { line, error, fatal }: BrokenRow,
  plan: ImportPlan,
  counts: ImportCounts,
  { onSkipped }: ImportPorts,
): void {
  const what = `${file}:${line}: ${error}`
  if (fatal) throw new OperationFailure(what)
  const unit = 'mappings' in plan ? 'line' : 'row'
  if (!plan.skipInvalid)
    throw new OperationFailure(`${what}\nCorrect the ${unit}, or skip invalid ${unit}s with --skip-invalid.`)
  counts.skipped++
  if (counts.skipped <= MAX_NAMED) onSkipped(`${what}: skipped`)
  if (counts.skipped === MAX_NAMED) onSkipped(`Further skipped ${unit}s are only counted.`)
}
