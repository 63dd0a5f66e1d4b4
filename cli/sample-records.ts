/** Reads sample records from a file, from standard input, or from a topic. */
import { existsSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { Readable } from 'node:stream'
import type { LogRecord } from '#runtime/cloudevents'
import { resolveTopic } from '../control/operations/state-keys.ts'
import { selectNewest } from '../control/queries/records/newest-ranges.ts'
import type { Environment } from '../control/questions/environment.ts'
import { numberField } from '../control/questions/field.ts'
import { readDocuments } from '../control/recordings/import/csv-rows.ts'
import { toFileRecord } from '../control/recordings/import/mapped-lines.ts'
import type { ForeignContent } from '../lib/intake/read-record.ts'
import { readRecords, toRanges } from '../lib/log/read-records.ts'
import { readTopicReach } from '../lib/log/topic-bounds.ts'
import { Failure } from '../lib/support/failure.ts'
import { environment, POSITIVE } from './command.ts'
import { CliFailure } from './failure.ts'
import { readInput, splitDocuments, toInputName } from './input.ts'
import { withEnvironment } from './servers/environment.ts'
import { resolveConfig } from './servers/settings.ts'
import { requireTopic } from './servers/topics.ts'
import { resolvePath, type Terminal } from './terminal.ts'

/** Number of records that are read of a topic by default. */
const USUAL_COUNT = 500

/** Options of commands whose argument is a file or a topic. */
export const SAMPLE_OPTIONS = {
  count: numberField(`number of the newest records of a topic (default: ${USUAL_COUNT})`, POSITIVE),
  env: environment('of the topic'),
}

/** Record with its place: file and line, or partition and offset. The line is the first of the record or, in a CSV file, its last. */
interface SampleRecord {
  readonly place: string
  readonly line: number
  readonly record: LogRecord | { readonly error: string }
  /** Parts of a record of a file that mappings can read; absent for a record of a topic, of which they read all. */
  readonly content?: ForeignContent
  /** Row of units of a CSV file, by column. */
  readonly units?: Readonly<Record<string, unknown>>
}

export interface Sample {
  /** Name of the file, or full name of the topic. */
  readonly name: string
  readonly isTopic: boolean
  readonly records: readonly SampleRecord[]
}

const FILE_TYPES = new Set(['.csv', '.tsv', '.txt', '.json', '.jsonl', '.ndjson'])

/**
 * Reads the records of a file, or the newest ones of a topic. A name is a file if the file exists, or if it looks like one.
 *
 * @throws OperationFailure if it cannot be read or contains no record
 */
export async function readSample(
  from: string,
  options: { readonly count?: number; readonly env?: string },
  terminal: Terminal,
): Promise<Sample> {
  const isFile =
    from === '-' ||
    /[/\\]/.test(from) ||
    FILE_TYPES.has(extname(from).toLowerCase()) ||
    existsSync(resolvePath(terminal, from))
  const sample = isFile
    ? { name: toInputName(from), records: await readFile(from, terminal) }
    : await readTopic(from, options, terminal).catch(error => {
        if (!(error instanceof Failure)) throw error
        throw new CliFailure(`There is no file ${from}, and as a topic: ${error.message}`, 1, {
          cause: error,
        })
      })
  if (sample.records.length > 0) return { ...sample, isTopic: !isFile }
  throw new CliFailure(`${sample.name}: contains no record`)
}

async function readFile(file: string, terminal: Terminal): Promise<SampleRecord[]> {
  const name = toInputName(file)
  const text = await readInput(file, terminal)
  const records = await parseRecords(name, text)
  if (/^\s*\[/.test(text) && records.length > 0)
    terminal.stderr.write(
      `! ${name}: each element of the array is read as a record. In a topic, a record that is an array is refused.\n`,
    )
  return records
}

/** Returns the records of a text. A text that begins with a bracket is parsed as JSON, unless the file name ends in `.csv`. */
async function parseRecords(name: string, text: string): Promise<SampleRecord[]> {
  if (text.trim() === '') return []
  const isCsv = extname(name).toLowerCase() === '.csv' || !/^\s*[[{]/.test(text)
  const rows = isCsv ? readDocuments(Readable.from([Buffer.from(text)]), name) : splitDocuments(text)
  const records: SampleRecord[] = []
  for await (const row of rows) {
    const { line } = row
    const value = 'document' in row ? JSON.stringify(row.document) : 'text' in row ? row.text : ''
    const record = 'error' in row ? row : toFileRecord(basename(name), line, value, Date.now())
    const units = 'units' in row ? { units: row.units } : {}
    records.push({ place: `${name}:${line}`, line, record, content: { position: [line] }, ...units })
  }
  return records
}

async function readTopic(
  named: string,
  { count = USUAL_COUNT, env }: { readonly count?: number; readonly env?: string },
  terminal: Terminal,
): Promise<{ readonly name: string; readonly records: SampleRecord[] }> {
  const config = resolveConfig(terminal, env)
  const topic = resolveTopic({ topic: named }, config)
  const read = async (environment: Environment) => {
    await requireTopic(environment, topic)
    const all = toRanges(topic, await readTopicReach(await environment.offsets(), topic))
    const records: SampleRecord[] = []
    for await (const record of readRecords(await environment.log(), selectNewest(all, count).ranges))
      records.push({ place: `${record.partition}@${record.offset}`, line: records.length + 1, record })
    return { name: topic, records }
  }
  return withEnvironment(config, read, false)
}
