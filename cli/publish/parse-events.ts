/** Reads the events to publish, and makes the same checks on each event as a consumer. */

import { randomUUID } from 'node:crypto'
import { isFailure, isInexact, parseExact, readStructured } from '#runtime/cloudevents'
import type { Application, Event } from '#runtime/consumer'
import { decode } from '#runtime/pipeline'
import type { Config } from '../../control/environment/config.ts'
import { toFileRecord } from '../../control/recordings/import/mapped-lines.ts'
import { createApplication } from '../../lib/app/application.ts'
import { isObject } from '../../lib/support/json.ts'
import { CliFailure } from '../failure.ts'
import { type Document, splitDocuments } from '../input.ts'

export interface ReadingOptions {
  readonly config: Config
  /** Name of the input, for error messages. */
  readonly name: string
  /** True to generate an id for events that have none. */
  readonly newId: boolean
  /** Topics that take plain JSON. */
  readonly inputs: readonly string[]
}

/** Maximum number of invalid events that one error message lists. */
const MAX_NAMED = 10

/**
 * Returns the events in a text.
 *
 * @throws CliFailure if there is no event, or if a document is not a valid event. The message lists the lines of the invalid
 * documents.
 */
export function parseEvents(text: string, options: ReadingOptions): Event[] {
  const events: Event[] = []
  const wrong: string[] = []
  const documents = splitDocuments(text)
  const application = createApplication(options.config)
  for (const document of documents) {
    const read = parseEvent(document, options, application)
    if (typeof read === 'string') wrong.push(`${options.name}:${document.line}: ${read}`)
    else events.push(read)
  }
  const file = options.name.includes(' ') ? 'FILE' : options.name
  const inputs =
    options.inputs.join(', ') || 'none is known here, so choose a stack with --stack, or set INPUTS_FILE'
  const advice = `\nOnly inputs take plain JSON: ${inputs}. It becomes events by a mapping: \`sluice mappings try ${file}\` shows which one takes each record, and \`sluice import ${file} --mapping NAME\` writes the events for \`publish\` or \`replay\`.`
  if (wrong.length > 0) throw new CliFailure(formatErrors(wrong) + (documents.some(isPlain) ? advice : ''))
  if (events.length === 0) throw new CliFailure(`${options.name}: it contains no event`)
  return events
}

/**
 * Returns the documents in a text for an input, which takes any JSON.
 *
 * @throws CliFailure if there is no document, or if one is not JSON
 */
export function parseDocuments(text: string, name: string): Document[] {
  const documents = splitDocuments(text)
  const wrong = documents.flatMap(document => {
    const parsed = parseJson(document.text)
    return typeof parsed === 'string' ? [`${name}:${document.line}: ${parsed}`] : []
  })
  if (wrong.length > 0) throw new CliFailure(formatErrors(wrong))
  if (documents.length === 0) throw new CliFailure(`${name}: it contains no record`)
  return documents
}

function formatErrors(wrong: readonly string[]): string {
  const more = wrong.length - MAX_NAMED
  const lines = [...wrong.slice(0, MAX_NAMED), ...(more > 0 ? [`and ${more} more`] : [])]
  return `${lines.join('\n')}\nNothing was published.`
}

/** Returns whether a document is a JSON object that does not look like an event. */
function isPlain({ text }: Document): boolean {
  const parsed = parseJson(text)
  if (typeof parsed === 'string' || typeof parsed.value !== 'object' || parsed.value === null) return false
  return !Array.isArray(parsed.value) && !('specversion' in parsed.value || 'source' in parsed.value)
}

/** Returns the event in a document, or an error message if the document is not a valid event. */
function parseEvent(
  { line, text }: Document,
  { config, name, newId }: ReadingOptions,
  application: Application,
): Event | string {
  const parsed = parseJson(text)
  if (typeof parsed === 'string') return parsed
  const record = toFileRecord(name, line, newId ? insertId(text, parsed.value) : text, Date.now())
  const event = readStructured(record.value as Buffer)
  if (isFailure(event)) return `not a CloudEvent: ${event.message}`
  // Consumers would reject an event whose data violates the schema of its type, or whose time is not near that of its record.
  const process = { name: 'publish', accepts: [event.type] }
  const headers = [['content-type', Buffer.from('application/cloudevents+json')]] as const
  const decoded = decode({ ...record, headers }, { ...config, application, process })
  return decoded.kind === 'failed' ? `${decoded.failure.code}: ${decoded.failure.message}` : event
}

function parseJson(text: string): { readonly value: unknown } | string {
  try {
    return { value: parseExact(text) }
  } catch (error) {
    return isInexact(error) ? error.message : 'not JSON'
  }
}

/** Inserts an id at the start of a JSON object. The rest of the text is unchanged. */
function insertId(text: string, value: unknown): string {
  if (!isObject(value)) return text
  const { id } = value
  const isMissing = id === undefined
  const isOnly = Object.keys(value).length === 0
  return isMissing ? `{"id":"${randomUUID()}"${isOnly ? '' : ','}${text.trim().slice(1)}` : text
}
