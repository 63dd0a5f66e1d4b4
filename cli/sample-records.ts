/** Reads sample records from a file, from standard input, or from a topic. */
import { isUtf8 } from 'node:buffer'
import { existsSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { Readable } from 'node:stream'
import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents/index.ts'
import { instant } from '#runtime/consumer/index.ts'
import { eventDocument } from '../lib/mapping/map-document.ts'
import { readDocuments } from '../lib/operations/import/csv-rows.ts'
import { parseRecord, type TriedRecord } from '../lib/operations/import/mapping-trial.ts'
import { OperationFailure } from '../lib/operations/operation-failure.ts'
import { resolveTopic } from '../lib/operations/state-keys.ts'
import { readTopicReach } from '../lib/queries/kafka/topics.ts'
import { selectNewest } from '../lib/queries/records/newest-ranges.ts'
import { readRecords, toRanges } from '../lib/queries/records/read-records.ts'
import { environment, option, POSITIVE } from './command.ts'
import { CliFailure } from './failure.ts'
import { readInput, splitDocuments, toInputName } from './input.ts'
import { requireListedTopic, withKafka } from './servers/kafka.ts'
import { resolveConfig } from './servers/settings.ts'
import { resolvePath, type Terminal } from './terminal.ts'

/** Number of records that are read of a topic by default. */
const USUAL_COUNT = 500

/** Options of commands whose argument is a file or a topic. */
export const SAMPLE_OPTIONS = {
  count: option('<n>', `number of the newest records of a topic (default: ${USUAL_COUNT})`, POSITIVE),
  env: environment('of the topic'),
}

/** Record with its place: file and line, or partition and offset. The line is the first of the record or, in a CSV file, its last. */
interface SampleRecord {
  readonly place: string
  readonly line: number
  readonly record: TriedRecord
  /** Timestamp of the record in Kafka. */
  readonly time?: string
  /** Row of units of a CSV file, by column. */
  readonly units?: Readonly<Record<string, unknown>>
}

export interface Sample {
  /** Name of the file or topic for messages. */
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
  const name = isFile ? toInputName(from) : from
  const records = isFile
    ? await readFile(from, terminal)
    : await readTopic(from, options, terminal).catch(error => {
        if (!(error instanceof OperationFailure)) throw error
        throw new CliFailure(`There is no file ${from}, and as a topic: ${error.message}`, 1, {
          cause: error,
        })
      })
  if (records.length > 0) return { name, isTopic: !isFile, records }
  throw new CliFailure(`${name}: contains no record`)
}

async function readFile(file: string, terminal: Terminal): Promise<SampleRecord[]> {
  const name = toInputName(file)
  const bytes = await readInput(file, terminal)
  if (!isUtf8(bytes)) throw new CliFailure(`${name}: the text is not UTF-8`)
  const records = await parseRecords(name, bytes.toString())
  if (/^[\s\ufeff]*\[/.test(bytes.toString()) && records.length > 0)
    terminal.stderr.write(
      `! ${name}: each element of the array is read as a record. In a topic, a record that is an array is refused.\n`,
    )
  return records
}

/** Returns the records of a text. A text that begins with a bracket is parsed as JSON, unless the file name ends in `.csv`. */
async function parseRecords(name: string, text: string): Promise<SampleRecord[]> {
  if (text.trim() === '') return []
  const isCsv = extname(name).toLowerCase() === '.csv' || !/^[\s\ufeff]*[[{]/.test(text)
  const place = (line: number) => ({ place: `${name}:${line}`, line })
  if (!isCsv)
    return splitDocuments(text).map(({ line, text: own }) => ({
      ...place(line),
      record: parseRecord(Buffer.from(own), { position: [basename(name), line] }),
    }))
  const records: SampleRecord[] = []
  for await (const row of readDocuments(Readable.from([text]))) {
    const { line } = row
    if ('error' in row) records.push({ ...place(line), record: row })
    else {
      const { document, units } = row
      records.push({
        ...place(line),
        record: { document, position: [basename(name), line] },
        ...(units ? { units } : {}),
      })
    }
  }
  return records
}

async function readTopic(
  named: string,
  { count = USUAL_COUNT, env }: { readonly count?: number; readonly env?: string },
  terminal: Terminal,
): Promise<SampleRecord[]> {
  const config = resolveConfig(terminal, env)
  const topic = resolveTopic({ topic: named }, config)
  return withKafka(config, async command => {
    requireListedTopic(command, topic)
    const all = toRanges(topic, await readTopicReach(command.offsets, topic))
    const records: SampleRecord[] = []
    for await (const record of readRecords(await command.connections.log(), selectNewest(all, count).ranges))
      records.push({
        place: `${record.partition}@${record.offset}`,
        line: records.length + 1,
        record: toTriedRecord(record),
        time: instant(record.timestampMs),
      })
    return records
  })
}

function toTriedRecord(record: LogRecord): TriedRecord {
  const content = { ...record, position: [record.topic, record.partition, record.offset] }
  const event = readEvent(record)
  if (!isFailure(event)) return eventDocument(event, content)
  if (event.code !== 'not-a-cloudevent') return event
  return record.value === null ? TOMBSTONE : parseRecord(record.value, content)
}

const TOMBSTONE = { code: 'tombstone', error: 'it has no value, and inputs ignore it' } as const
