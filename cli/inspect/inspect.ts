/**
 * Shows the records of a captured Lambda event. For each record, it shows the CloudEvent, or the reason why the record does not
 * contain a valid one.
 */
import { isUtf8 } from 'node:buffer'
import { MAPPINGS, REGISTRY, readSettings } from '../../lib/app/settings/index.ts'
import { plainEvent } from '../../lib/queries/plain-event.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { mappedRecord } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { CliFailure } from '../failure.ts'
import { inputBytes, inputName } from '../input.ts'
import { readerWith } from '../mapping-option.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { capturedRecords } from './captured.ts'
import { summaryText, verdictText } from './text.ts'
import { type Verdict, verdictOn } from './verdict.ts'

export interface InspectPlan {
  /** Name of the file; `-` is standard input. */
  readonly file: string
  /** True to also validate the data against the schema of its type. */
  readonly schema: boolean
  /** Names of mappings to use. If empty, the mappings of the topics are used. */
  readonly mapping: readonly string[]
  readonly json: boolean
}

/**
 * Inspects a captured event.
 *
 * @throws CliFailure if the file cannot be read, is not JSON, or is not a Kafka event
 */
export async function inspect(plan: InspectPlan, terminal: Terminal): Promise<void> {
  const { file, json } = plan
  const name = inputName(file)
  const bytes = await inputBytes(file, terminal)
  const records = capturedRecords(documentIn(bytes, name))
  if (typeof records === 'string') throw new CliFailure(`${name} is not a Kafka event of Lambda: ${records}`)
  const verdicts = await verdictsOn(records, plan, terminal)
  const columns = columnsOf(terminal)
  for (const verdict of verdicts)
    terminal.stdout.write(
      json
        ? `${JSON.stringify(verdict)}\n`
        : verdictText(`${verdict.topic} ${verdict.partition}@${verdict.offset}`, verdict, columns),
    )
  if (!json) terminal.stdout.write(summaryText(verdicts))
}

/**
 * Returns the verdict on each record. Data in formats other than JSON is decoded with the configured schema registry or, if none is
 * configured, with the packaged schemas.
 */
async function verdictsOn(
  records: readonly LogRecord[],
  { schema, mapping }: InspectPlan,
  terminal: Terminal,
): Promise<readonly Verdict[]> {
  const reader = await readerWith(readSettings([MAPPINGS, REGISTRY], terminal.environment), mapping, terminal)
  const foreign = await reader.foreign?.()
  const verdicts: Verdict[] = []
  for (const record of records) {
    const mapped = foreign ? mappedRecord(record, foreign) : record
    if ('kind' in mapped) verdicts.push(verdictOn(record, mapped))
    else verdicts.push(verdictOn(mapped, schema ? await plainEvent(mapped, reader) : undefined))
  }
  return verdicts
}

/** Parses the file as JSON. The parser's error message is not shown, because it quotes the contents. */
function documentIn(bytes: Buffer, name: string): unknown {
  try {
    // Remove the byte order mark that some shells and editors write at the start of a file.
    if (isUtf8(bytes)) return JSON.parse(bytes.toString().replace(/^\ufeff/, ''))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new CliFailure(`${name} is not JSON`)
}
