/** Converts a file to a stream with one event per line. */
import type { Readable } from 'node:stream'
import { toJsonEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { fileFailure, OperationFailure } from '../../../lib/support/operation-failure.ts'
import { readLines } from '../../../lib/support/text-reader.ts'
import { type BrokenRow, readDocuments } from './csv-rows.ts'
import { type createConverter, toLine } from './mapped-lines.ts'

export interface ImportPlan {
  readonly convert: ReturnType<typeof createConverter>
  readonly skipInvalid: boolean
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
  for await (const event of wrapFileErrors(file, readMappedEvents(file, plan, ports))) {
    if ('error' in event) {
      skipRow(file, event, plan, counts, ports)
      continue
    }
    counts.events++
    yield `${JSON.stringify(toJsonEvent(event))}\n`
  }
}

/** Adds the file name to operating-system errors. */
async function* wrapFileErrors<Row>(file: string, rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  try {
    yield* rows
  } catch (error) {
    throw fileFailure(file, error)
  }
}

async function* readMappedEvents(
  file: string,
  { convert }: ImportPlan,
  { open }: ImportPorts,
): AsyncGenerator<Event | BrokenRow> {
  if (/\.[ct]sv(\.gz)?$/i.test(file))
    for await (const row of readDocuments(open(file), file))
      yield 'error' in row ? row : convert(...toLine(row))
  else
    for await (const lines of readLines(open(file), file))
      for (const line of lines) if (line.text.trim() !== '') yield convert(line)
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
  if (!plan.skipInvalid)
    throw new OperationFailure(
      `${what}\nCorrect the line or the mapping, or skip invalid lines with --skip-invalid.`,
    )
  counts.skipped++
  if (counts.skipped <= MAX_NAMED) onSkipped(`${what}: skipped`)
  if (counts.skipped === MAX_NAMED) onSkipped('Further skipped lines are only counted.')
}
