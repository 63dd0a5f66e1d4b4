/** Shows the contents of a captured Lambda event: for each record the event, or the reason why it has no event. */
import { isUtf8 } from 'node:buffer'
import { MAPPINGS, REGISTRY, readSettings } from '../../lib/app/settings/index.ts'
import { count as numbered } from '../../lib/count.ts'
import { fileFailure } from '../../lib/operations/file-failure.ts'
import { plainEvent } from '../../lib/queries/plain-event.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { mappedRecord } from '../../packages/runtime/pipeline/decoding/plain-records.ts'
import { CliFailure } from '../failure.ts'
import { inputBytes } from '../input.ts'
import { readerWith } from '../mapping-option.ts'
import { columnsOf, type Terminal } from '../terminal.ts'
import { harmless, shortened, widthOf } from '../text-width.ts'
import { capturedRecords } from './captured.ts'
import { type Verdict, verdictOn } from './verdict.ts'

/** A record: where it is, then the event's attributes and data a line each, or the code and what is wrong. */
function verdictText(verdict: Verdict, columns: number | undefined): string {
  const place = `${verdict.topic} ${verdict.partition}@${verdict.offset}`
  const lines = verdict.accepted
    ? [`${place}  ✓ ${verdict.event.type}`, ...membersOf(verdict.event)]
    : [`${place}  ✗ ${verdict.code}: ${verdict.reason}`]
  return lines.map(line => `${shortened(harmless(line), columns)}\n`).join('')
}

/** `3 records: 1 event, 2 refused (malformed-event 1, not-a-cloudevent 1)` */
function summaryText(verdicts: readonly Verdict[]): string {
  const codes = new Map<string, number>()
  for (const verdict of verdicts)
    if (!verdict.accepted) codes.set(verdict.code, (codes.get(verdict.code) ?? 0) + 1)
  const refused = [...codes.values()].reduce((sum, count) => sum + count, 0)
  const each = [...codes].map(([code, count]) => `${code} ${count}`).join(', ')
  const records = numbered(verdicts.length, 'record')
  return `${records}: ${numbered(verdicts.length - refused, 'event')}, ${refused} refused${each && ` (${each})`}\n`
}

/** The first line has the type, and every event has the same specversion. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['specversion', 'type'])

function membersOf(event: Readonly<Record<string, unknown>>): string[] {
  const members = Object.entries(event).filter(([name]) => !NOT_SHOWN.has(name))
  const width = Math.max(...members.map(([name]) => widthOf(name)))
  return members.map(([name, value]) => `  ${name.padEnd(width)}  ${shown(name, value)}`)
}

function shown(name: string, value: unknown): string {
  return typeof value === 'string' && name !== 'data' ? value : JSON.stringify(value)
}

export interface InspectPlan {
  /** `-` is standard input. */
  readonly file: string
  /** Judges the data, too. */
  readonly schema: boolean
  /** Names of mappings; those of the topics if it is empty. */
  readonly mapping: readonly string[]
  readonly json: boolean
}

/** @throws CliFailure if the file cannot be read, is not JSON, or is not a Kafka event */
export async function inspect(plan: InspectPlan, terminal: Terminal): Promise<void> {
  const { file, json } = plan
  const name = file === '-' ? 'standard input' : file
  const bytes = await inputBytes(file, terminal).catch(error => {
    throw fileFailure(name, error)
  })
  const records = capturedRecords(documentIn(bytes, name))
  if (typeof records === 'string') throw new CliFailure(`${name} is not a Kafka event of Lambda: ${records}`)
  const verdicts = await verdictsOn(records, plan, terminal)
  const columns = columnsOf(terminal)
  for (const verdict of verdicts)
    terminal.stdout.write(json ? `${JSON.stringify(verdict)}\n` : verdictText(verdict, columns))
  if (!json) terminal.stdout.write(summaryText(verdicts))
}

/** Data in other formats than JSON is read with the registry that is configured, else with the schemas that Sluice has. */
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
