/**
 * Messages for SNS. Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: 256 KiB including attributes, a subject of
 * less than 100 ASCII characters, `MessageStructure` json; https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html:
 * with raw message delivery, at most 10 attributes are delivered to SQS.
 */
import { highestSeverity, listRules, type NotificationMessage, sluiceBody } from '../message.ts'
import { alertLine, formatTitle, plainText, truncate } from '../plain-text.ts'

/** Maximum size of a message including its attributes, in bytes. The same limit applies to all messages of one request together. */
export const SNS_BYTES = 256 * 1024
/** Maximum number of messages in one request. */
export const SNS_BATCH = 10
const SUBJECT = 99
/** Maximum length of a single SMS. SNS splits longer texts. */
const SMS = 140
/** Maximum number of texts in one attribute. Further texts are omitted. */
const TEXTS = 50

export interface SnsMessage {
  readonly subject: string
  /** JSON object with the text for each protocol: `default`, `email`, `sms`. */
  readonly message: string
  /** Message attributes for subscription filters. A value is a string or a list of strings. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>
}

/**
 * Returns the SNS message for the receivers in `to`. If the message is too large, alerts are removed from it and counted as
 * `omitted`. Pure.
 */
export function snsMessage(message: NotificationMessage): SnsMessage {
  let fitting = message
  for (;;) {
    const built = build(fitting, message)
    const bytes = snsBytes(built)
    const { alerts } = fitting.notification
    if (bytes <= SNS_BYTES || alerts.length === 0) return built
    // Reduce the number of alerts slightly more than in proportion to the size, because alerts differ in size.
    fitting = withAlerts(fitting, Math.floor(alerts.length * Math.min(0.9, (SNS_BYTES / bytes) * 0.95)))
  }
}

function withAlerts(message: NotificationMessage, count: number): NotificationMessage {
  const { alerts, omitted } = message.notification
  const remainingAlerts = alerts.slice(0, count)
  const notification = {
    ...message.notification,
    alerts: remainingAlerts,
    omitted: omitted + alerts.length - count,
  }
  return { ...message, notification }
}

/**
 * Builds the SNS message.
 *
 * @param whole message with all its alerts. The filter attributes always describe all alerts.
 */
function build(message: NotificationMessage, whole: NotificationMessage): SnsMessage {
  const { notification, env, to } = whole
  const { notificationId, group, status, reason, alerts } = notification
  const severity = highestSeverity(notification)
  const title = formatTitle(whole)
  const first = alerts.slice(0, 1).map(alert => alertLine(whole.families, alert))
  const sources = [...new Set(alerts.map(({ entity }) => entity.source))]
  const buildListAttribute = (name: string, texts: readonly string[]) =>
    texts.length > 0 ? { [name]: texts.slice(0, TEXTS) } : {}
  return {
    subject: truncate(ascii(title), SUBJECT, '...'),
    message: JSON.stringify({
      default: JSON.stringify(sluiceBody(message)),
      email: plainText(message),
      sms: truncate(ascii([title, ...first].join(' ')), SMS, '...'),
    }),
    attributes: {
      notificationId,
      group,
      env,
      status,
      reason,
      ...(severity ? { severity } : {}),
      ...buildListAttribute('receivers', to),
      ...buildListAttribute('rules', listRules(notification)),
      ...buildListAttribute('sources', sources),
    },
  }
}

function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, '?')
}

/** Returns the size of a message as SNS counts it: the message, and the name, type and value of each attribute. */
export function snsBytes({ message, subject, attributes }: SnsMessage): number {
  const ofAttributes = Object.entries(attributes).map(([name, value]) => {
    const [type, text] = encodeAttribute(value)
    return Buffer.byteLength(name) + type.length + Buffer.byteLength(text)
  })
  return Buffer.byteLength(message) + subject.length + ofAttributes.reduce((sum, bytes) => sum + bytes, 0)
}

/** Returns the data type and the value of a message attribute. */
export function encodeAttribute(value: string | readonly string[]): readonly [type: string, text: string] {
  return typeof value === 'string' ? ['String', value] : ['String.Array', JSON.stringify(value)]
}
