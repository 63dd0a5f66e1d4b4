/**
 * Reads and strictly validates `config/notifications/receivers.yaml`. A misspelled key must be an error, because a receiver would
 * otherwise never be notified. All errors are reported at once, with their lines. Pure.
 */

import type { SchemaViolation } from '../schemas/compiled.js'
import validators from '../schemas/compiled-notification-receivers.js'
import { parseDuration } from '../support/duration.ts'
import {
  byPosition,
  describeErrors,
  type FilePath,
  InvalidFile,
  type LocatedError,
  MORE_ERRORS,
  type PathError,
  parseJsonPointer,
} from '../support/file-errors.ts'
import { yamlDocument } from '../support/yaml-document.ts'
import { positionsIn } from '../support/yaml-positions.ts'
import {
  DEFAULT_TIMEOUT_MS,
  FORMATS,
  OWN_HEADERS,
  type Receiver,
  TIMEOUT_MS,
  type WebhookReceiver,
} from './receiver.ts'

const KEYS: Readonly<Record<string, string>> = {
  name: 'a lower-case letter, then up to 39 lower-case letters, digits and -',
  kind: 'one of sns, webhook',
  format: `one of ${FORMATS.join(', ')}`,
  url: 'a URL such as https://host/path, without user and password',
  secret: "the last part of a secret's name: letters, digits, _ and -",
  timeout: 'a duration from 1s to 30s',
  allowPrivate: 'true or false',
  headers: 'a mapping of names to texts',
}

/** Returns the schema violations, at most one per path. */
function schemaErrors(content: unknown): readonly PathError[] {
  const validate = validators['io.sluice.notification-receivers.v1']
  if (validate === undefined)
    throw new Error('lib/schemas/compiled-notification-receivers.js has no receivers')
  if (validate(content)) return []
  const violations = (validate.errors ?? []).filter(
    ({ schemaPath }) => !schemaPath.includes('/propertyNames/'),
  )
  return describeErrors(violations, violation => describeViolation(violation, content))
}

function describeViolation({ instancePath, keyword, params }: SchemaViolation, content: unknown): PathError {
  const at = parseJsonPointer(instancePath, content)
  switch (keyword) {
    case 'additionalProperties': {
      const knownKeys =
        at.length < 2 ? 'the one key is receivers' : `a receiver has ${Object.keys(KEYS).join(', ')}`
      return { path: [...at, String(params.additionalProperty)], message: `unknown key; ${knownKeys}` }
    }
    case 'required': {
      const key = String(params.missingProperty)
      return { path: [...at, key], message: `is missing: must be ${KEYS[key] ?? 'a list'}` }
    }
    case 'propertyNames':
      return {
        path: [...at, String(params.propertyName)],
        message: 'must be a header name: letters, digits and -',
      }
    default:
      return { path: at, message: `must be ${describeExpected(at)}` }
  }
}

/** Returns a description of valid values at a path. Invalid values are never quoted in messages, because they may be secrets. */
function describeExpected(path: FilePath): string {
  if (path.length === 0) return 'a mapping with the one key receivers'
  if (path.length === 1) return 'a list with at least one receiver'
  if (path.length === 2) return 'a mapping of keys to values'
  return path.length === 3 ? (KEYS[String(path[2])] ?? 'something else') : 'an ASCII string in quotes'
}

const HEADING = 'the receivers of notifications have errors:'

/**
 * Reads the receivers.
 *
 * @param file name of the file in error messages
 * @throws InvalidFile with all errors
 */
export function readReceivers(text: string, file: string): readonly Receiver[] {
  const yaml = yamlDocument(text)
  if ('message' in yaml) throw new InvalidFile(HEADING, [{ file, ...yaml }])
  const rows = listRows(yaml.content)
  const ofSchema = schemaErrors(yaml.content)
  // Check further only if the structure of all rows is known to be valid.
  const closer = ofSchema.includes(MORE_ERRORS) ? [] : rows
  const errors = [...ofSchema, ...closer.flatMap((row, index) => rowErrors(row, index, ofSchema, rows))]
  if (errors.length === 0) return rows.map(toReceiver)
  const findPosition = positionsIn(text)
  const locatedErrors = errors.map(error => ({
    file,
    ...findPosition(error.path),
    ...toReceiverError(error, rows),
  }))
  throw new InvalidFile(HEADING, locatedErrors.sort(byPosition))
}

type Row = Partial<Omit<WebhookReceiver, 'kind' | 'timeoutMs'>> & {
  readonly kind?: Receiver['kind']
  readonly timeout?: string
}

function listRows(content: unknown): readonly Row[] {
  const { receivers } = (content ?? {}) as { receivers?: unknown }
  return Array.isArray(receivers) ? receivers : []
}

function toReceiverError(
  { path, message }: PathError,
  rows: readonly Row[],
): Omit<LocatedError, 'file' | 'line' | 'column'> {
  const index = path[1]
  if (typeof index !== 'number') return { ...(path.length > 0 ? { key: path.join('.') } : {}), message }
  const name = rows[index]?.name
  const key = path.slice(2).join('.')
  return {
    part: typeof name === 'string' && name !== '' ? name : `receiver ${index + 1}`,
    ...(key === '' ? {} : { key }),
    message,
  }
}

const WEBHOOK_KEYS = ['format', 'url', 'secret', 'timeout', 'allowPrivate', 'headers'] as const

/** Returns errors that the schema cannot express. Keys that already have an error are skipped. */
function rowErrors(
  row: Row,
  index: number,
  ofSchema: readonly PathError[],
  rows: readonly Row[],
): PathError[] {
  if (typeof row !== 'object' || row === null) return []
  const errors: PathError[] = []
  const wrong = new Set(ofSchema.filter(({ path }) => path[1] === index).map(({ path }) => path[2]))
  const report = (message: string, ...below: readonly string[]) => {
    const path: FilePath = ['receivers', index, ...below]
    if (!wrong.has(below[0] ?? '')) errors.push({ path, message })
  }
  if (rows.slice(0, index).some(one => one?.name === row.name))
    report('another receiver has this name', 'name')
  if (row.kind === 'sns')
    for (const key of WEBHOOK_KEYS) if (key in row) report('only a webhook has this key', key)
  if (row.kind === 'webhook') webhookErrors(row, report)
  return errors
}

const SECRET_HEADERS = /^(authorization|cookie|proxy-.*|x-api-key|api-key|.*token.*|.*secret.*)$/i

function webhookErrors(row: Row, report: (message: string, ...below: readonly string[]) => void): void {
  if (row.url === undefined && row.secret === undefined)
    report('is missing: set url, or a secret that contains it', 'url')
  if (typeof row.url === 'string')
    urlError(row.url, row.allowPrivate === true, message => report(message, 'url'))
  const timeoutMs = parseDuration(row.timeout) ?? DEFAULT_TIMEOUT_MS
  if (timeoutMs < TIMEOUT_MS.least || timeoutMs > TIMEOUT_MS.most) report('must be from 1s to 30s', 'timeout')
  for (const header of Object.keys(row.headers ?? {})) {
    if (OWN_HEADERS.test(header)) report('is set by Sluice itself', 'headers', header)
    if (SECRET_HEADERS.test(header)) report('must be in the secret, under headers', 'headers', header)
  }
}

/** Hosts for which the URL of a webhook is a secret. Anyone who has such a URL can post to it. */
const SECRET_HOSTS = ['hooks.slack.com', 'discord.com', 'webhook.office.com']

function urlError(url: string, allowPrivate: boolean, report: (message: string) => void): void {
  if (!URL.canParse(url)) {
    report('must be a URL such as https://host/path')
    return
  }
  const { protocol, hostname } = new URL(url)
  if (protocol === 'http:' && !allowPrivate)
    report('must be https; http is only for private addresses, with allowPrivate: true')
  if (SECRET_HOSTS.some(host => hostname === host || hostname.endsWith(`.${host}`)))
    report('is a secret, because anyone who knows it can post to it: move it to the secret, under url')
}

/**
 * Converts a row to a receiver.
 *
 * @param row row without errors
 */
function toReceiver({
  name = '',
  kind,
  format = 'sluice',
  url,
  secret,
  timeout,
  allowPrivate,
  headers,
}: Row): Receiver {
  if (kind === 'sns') return { name, kind }
  return {
    name,
    kind: 'webhook',
    format,
    ...(url === undefined ? {} : { url }),
    ...(secret === undefined ? {} : { secret }),
    timeoutMs: parseDuration(timeout) ?? DEFAULT_TIMEOUT_MS,
    allowPrivate: allowPrivate ?? false,
    headers: headers ?? {},
  }
}
