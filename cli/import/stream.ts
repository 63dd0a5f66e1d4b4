/** Converts CSV files to lines with one event each. */
import { createReadStream } from 'node:fs'
import { basename, extname } from 'node:path'
import { toJsonEvent } from '../../lib/runtime/cloudevents/json-format.ts'
import { CliFailure } from '../failure.ts'
import { fileFailure } from '../files.ts'
import { pathIn, type Terminal } from '../terminal.ts'
import { eventOfRow, type Recording } from './reading.ts'
import { type BrokenRow, type Columns, readRows } from './rows.ts'

/** What all rows share. Without `entity`, the name of each file is the entity. */
export interface ImportPlan extends Omit<Recording, 'file' | 'entity'> {
  readonly entity?: string
  readonly columns: Columns
  readonly skipInvalid: boolean
}

/** How far an import has come; counted up while it runs. */
export interface ImportCounts {
  events: number
  skipped: number
}

/** This many skipped rows are reported one by one; further ones are only counted. */
const NAMED = 20

/**
 * The events of the files, each in the JSON event format on a line of its own.
 *
 * @throws CliFailure for a file that cannot be read, and for a broken row unless the plan skips those
 */
export async function* importLines(
  files: readonly string[],
  plan: ImportPlan,
  counts: ImportCounts,
  terminal: Terminal,
): AsyncGenerator<string> {
  for (const file of files) {
    const name = basename(file)
    const entity = plan.entity ?? basename(file, extname(file))
    const recording: Recording = { ...plan, file: name, entity }
    for await (const row of rowsOf(file, plan.columns, terminal)) {
      const event = 'error' in row ? row : eventOfRow(recording, row)
      if ('error' in event) {
        skip(file, event, plan, counts, terminal)
        continue
      }
      counts.events++
      yield `${JSON.stringify(toJsonEvent(event))}\n`
    }
  }
}

async function* rowsOf(file: string, columns: Columns, terminal: Terminal) {
  try {
    yield* readRows(createReadStream(pathIn(terminal, file)), columns)
  } catch (error) {
    throw fileFailure(file, error)
  }
}

function skip(
  file: string,
  { line, error, fatal }: BrokenRow,
  { skipInvalid }: ImportPlan,
  counts: ImportCounts,
  { stderr }: Terminal,
): void {
  const what = `${file}:${line}: ${error}`
  if (fatal) throw new CliFailure(what)
  if (!skipInvalid)
    throw new CliFailure(`${what}\nPut the row right, or leave such rows out by --skip-invalid.`)
  counts.skipped++
  if (counts.skipped <= NAMED) stderr.write(`${what}: skipped\n`)
  if (counts.skipped === NAMED) stderr.write('Further ones are only counted.\n')
}
