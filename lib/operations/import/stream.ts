/** Converts files to lines with one event each. */
import { basename, extname } from 'node:path'
import type { Readable } from 'node:stream'
import { toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import { KeyFieldMissing, type KeyStrategy } from '../../telemetry/key.ts'
import { OperationFailure } from '../failure.ts'
import { fileFailure } from '../file-failure.ts'
import { withKey } from '../publish/key-by.ts'
import { numberedLines } from '../replay/lines.ts'
import { DamagedGzip, unzipped } from '../replay/unzipped.ts'
import { eventOfDocument, eventOfLine } from './mapped.ts'
import { type MappingsFolder, readyMappingsText } from './mapping-named.ts'
import { eventOfRow, type Recording } from './reading.ts'
import { type BrokenRow, type Columns, readDocuments, readRows } from './rows.ts'

/** Common properties of all rows of CSV files. Without `entity`, the name of each file is the entity. */
export interface SeriesPlan extends Omit<Recording, 'file' | 'entity'> {
  readonly entity?: string
  readonly columns: Columns
}

/** JSON lines, or CSV files with any columns: the first mapping that takes a line decides. */
export interface MappedPlan {
  readonly mappings: readonly Mapping[]
}

export type ImportPlan = (SeriesPlan | MappedPlan) & {
  readonly skipInvalid: boolean
  /** Source of the events' `partitionkey`; undefined for events without one. */
  readonly keyBy: KeyStrategy | undefined
}

/** How far an import has come; counted up while it runs. */
export interface ImportCounts {
  events: number
  skipped: number
}

/** Ports of an import. */
export interface ImportPorts {
  /** Opens a file by the name that it was given by. */
  readonly open: (file: string) => Readable
  readonly mappings: MappingsFolder
  /** Receives a line about each row that is left out, up to a number. */
  readonly onSkipped: (line: string) => void
}

/** This many skipped rows are reported one by one; further ones are only counted. */
const NAMED = 20

/**
 * The events of the files, each in the JSON event format on a line of its own.
 *
 * @throws OperationFailure for a file that cannot be read, and for a broken row unless the plan skips those
 */
export async function* importLines(
  files: readonly string[],
  plan: ImportPlan,
  counts: ImportCounts,
  ports: ImportPorts,
): AsyncGenerator<string> {
  for (const file of files) {
    const rows = 'mappings' in plan ? mappedEvents(file, plan, ports) : seriesEvents(file, plan, ports)
    for await (const row of named(file, rows)) {
      const event = 'error' in row.event ? row.event : keyed(row.event, row.line, plan.keyBy)
      if ('error' in event) {
        skip(file, event, plan, counts, ports)
        continue
      }
      counts.events++
      yield `${JSON.stringify(toJsonEvent(event))}\n`
    }
  }
}

interface Row {
  readonly line: number
  readonly event: Event | BrokenRow
}

/** Names the file in errors of the operating system. */
async function* named(file: string, rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  try {
    yield* rows
  } catch (error) {
    throw fileFailure(file, error)
  }
}

async function* seriesEvents(file: string, plan: SeriesPlan, ports: ImportPorts): AsyncGenerator<Row> {
  const entity = plan.entity ?? basename(file, extname(file))
  const recording: Recording = { ...plan, file: basename(file), entity }
  for await (const row of readRows(ports.open(file), plan.columns))
    yield {
      line: row.line,
      event: 'error' in row ? await explained(row, ports) : eventOfRow(recording, row),
    }
}

/** JSON lines need a mapping: the message says so, and which there are. */
async function explained(row: BrokenRow, { mappings }: ImportPorts): Promise<BrokenRow> {
  if (!row.isJson) return row
  const error = `${row.error}: name the mapping for JSON lines by --mapping. ${await readyMappingsText(mappings)}`
  return { ...row, error }
}

async function* mappedEvents(
  file: string,
  { mappings }: MappedPlan,
  ports: ImportPorts,
): AsyncGenerator<Row> {
  const name = basename(file)
  let last = 0
  try {
    if (extname(file).toLowerCase() === '.csv')
      for await (const row of readDocuments(ports.open(file))) {
        last = row.line
        yield { line: last, event: 'error' in row ? row : eventOfDocument(mappings, name, row) }
      }
    else
      for await (const lines of numberedLines(unzipped(ports.open(file))))
        for (const line of lines) {
          last = line.number
          if (line.text?.trim() !== '') yield { line: last, event: eventOfLine(mappings, name, line) }
        }
  } catch (error) {
    if (!(error instanceof DamagedGzip)) throw error
    yield { line: last, event: { line: last, error: `after this line, ${error.message}`, fatal: true } }
  }
}

function keyed(event: Event, line: number, strategy: KeyStrategy | undefined): Event | BrokenRow {
  try {
    return strategy === undefined ? event : withKey(event, strategy)
  } catch (error) {
    if (error instanceof KeyFieldMissing) return { line, error: error.message }
    throw error
  }
}

function skip(
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
    throw new OperationFailure(
      `${what}\nPut the ${unit} right, or leave such ${unit}s out by --skip-invalid.`,
    )
  counts.skipped++
  if (counts.skipped <= NAMED) onSkipped(`${what}: skipped`)
  if (counts.skipped === NAMED) onSkipped('Further ones are only counted.')
}
