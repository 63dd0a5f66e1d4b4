/**
 * Reads and strictly validates `config/notifications/receivers.yaml`. A misspelled key must be an error, because a receiver would
 * otherwise never be notified. All errors are reported at once, with their lines. Pure.
 */

import receiversTexts from '#schemas/notification-receivers.v1.json' with { type: 'json' }
import validate from '../schemas/compiled-notification-receivers.js'
import { parseDuration } from '../support/duration.ts'
import { type FindErrors, readValid } from '../support/edited-file.ts'
import type { FilePath, PathError } from '../support/file-errors.ts'
import {
  DEFAULT_TIMEOUT_MS,
  OWN_HEADERS,
  PAGERDUTY_URL,
  type Receiver,
  TIMEOUT_MS,
  type WebhookReceiver,
} from './receiver.ts'
import { findUrlError, isSecretPair, isSecretUrl } from './webhook-url.ts'

const SCHEMA = { validate, texts: [receiversTexts] }

/**
 * Reads the receivers.
 *
 * @param file name of the file in error messages
 * @throws InvalidFile with all errors
 */
export function readReceivers(text: string, file: string): readonly Receiver[] {
  const { content } = readValid(SCHEMA, 'the receivers of notifications', { file, text }, findContradictions)
  return content.receivers.map(toReceiver)
}

interface RawReceivers {
  readonly receivers: readonly Row[]
}

type Row = Partial<Omit<WebhookReceiver, 'kind' | 'timeoutMs'>> & {
  readonly kind?: Receiver['kind']
  readonly timeout?: string
}

const WEBHOOK_KEYS = ['format', 'url', 'secret', 'timeout', 'allowPrivate', 'headers'] as const

/** Returns errors that the schema cannot express. */
const findContradictions: FindErrors<RawReceivers> = ({ receivers = [] }) =>
  receivers.flatMap((row, index) => {
    const errors: PathError[] = []
    const report = (message: string, ...below: readonly string[]) => {
      const path: FilePath = ['receivers', index, ...below]
      errors.push({ path, message })
    }
    if (row.name !== undefined && receivers.slice(0, index).some(({ name }) => name === row.name))
      report('another receiver has this name', 'name')
    if (row.kind === 'sns')
      for (const key of WEBHOOK_KEYS) if (key in row) report('only a webhook has this key', key)
    if (row.kind === 'webhook') webhookErrors(row as Row, report)
    return errors
  })

function webhookErrors(row: Row, report: (message: string, ...below: readonly string[]) => void): void {
  if (row.format === 'pagerduty' && row.secret === undefined)
    report('is missing: set the secret that contains the routingKey', 'secret')
  else if (row.url === undefined && row.secret === undefined)
    report('is missing: set url, or a secret that contains it', 'url')
  const urlError = typeof row.url === 'string' ? findRowUrlError(row.url, row) : undefined
  if (urlError !== undefined) report(urlError, 'url')
  const timeoutMs = parseDuration(row.timeout) ?? DEFAULT_TIMEOUT_MS
  if (timeoutMs < TIMEOUT_MS.least || timeoutMs > TIMEOUT_MS.most) report('must be from 1s to 30s', 'timeout')
  for (const [header, value] of Object.entries(row.headers ?? {})) {
    if (OWN_HEADERS.test(header)) report('is set by Sluice itself', 'headers', header)
    if (isSecretPair([header, value])) report('must be in the secret, under headers', 'headers', header)
  }
}

function findRowUrlError(url: string, { allowPrivate }: Row): string | undefined {
  const error = findUrlError(url)
  if (error !== undefined) return error
  if (url.startsWith('http:') && allowPrivate !== true)
    return 'must be https; http is only for private addresses, with allowPrivate: true'
  if (!isSecretUrl(url)) return undefined
  return 'is a secret, because anyone who knows it can post to it: move it to the secret, under url'
}

/** Converts a row without errors to a receiver. */
function toReceiver({
  name = '',
  kind,
  format = 'sluice',
  url = format === 'pagerduty' ? PAGERDUTY_URL : undefined,
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
