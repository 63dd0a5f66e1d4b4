/** Shows the contents of a captured Lambda event: for each record the event, or the reason why it has no event. */
import { isUtf8 } from 'node:buffer'
import { dataReader } from '../../lib/app/data-reader.ts'
import { fileFailure } from '../../lib/operations/file-failure.ts'
import { plainEvent } from '../../lib/queries/plain-event.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { configOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { inputBytes } from '../input.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { capturedRecords } from './captured.ts'
import { summaryText, verdictText } from './text.ts'
import { type Verdict, verdictOn } from './verdict.ts'

export interface InspectPlan {
  /** `-` is standard input. */
  readonly file: string
  /** Judges the data, too. */
  readonly schema: boolean
  readonly json: boolean
}

/** @throws CliFailure if the file cannot be read, is not JSON, or is not a Kafka event */
export async function inspect({ file, schema, json }: InspectPlan, terminal: Terminal): Promise<void> {
  const name = file === '-' ? 'standard input' : file
  const bytes = await inputBytes(file, terminal).catch(error => {
    throw fileFailure(name, error)
  })
  const records = capturedRecords(documentIn(bytes, name))
  if (typeof records === 'string') throw new CliFailure(`${name} is not a Kafka event of Lambda: ${records}`)
  const verdicts = schema ? await withData(records, terminal) : records.map(record => verdictOn(record))
  const columns = columnsOf(terminal)
  for (const verdict of verdicts)
    terminal.stdout.write(json ? `${JSON.stringify(verdict)}\n` : verdictText(verdict, columns))
  if (!json) terminal.stdout.write(summaryText(verdicts))
}

/** Data in other formats than JSON is read with the registry that is configured, else with the schemas that Sluice has. */
async function withData(records: readonly LogRecord[], terminal: Terminal): Promise<readonly Verdict[]> {
  const reader = dataReader(configOf(terminal, undefined))
  const verdicts: Verdict[] = []
  for (const record of records) verdicts.push(verdictOn(record, await plainEvent(record, reader)))
  return verdicts
}

/** The parser's message quotes the text, so it is not shown. */
function documentIn(bytes: Buffer, name: string): unknown {
  try {
    // Some shells and editors begin a file with a byte order mark.
    if (isUtf8(bytes)) return JSON.parse(bytes.toString().replace(/^\ufeff/, ''))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new CliFailure(`${name} is not JSON`)
}
