/**
 * Messages for SNS. Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: 256 KiB with attributes, a subject of at
 * most 100 ASCII characters, `MessageStructure` json; https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html: with
 * raw delivery at most 10 attributes reach SQS.
 */
import { highestSeverity, type Message, rulesOf, sluiceBody } from '../message.ts'
import { cut, plainText, titleOf } from '../text.ts'

/** Bytes of a message with its attributes; also of all messages of one call together. */
export const SNS_BYTES = 256 * 1024
/** Messages of one call. */
export const SNS_BATCH = 10
const SUBJECT = 100
/** An SMS is cut into several above this. */
const SMS = 140
/** Texts of one attribute; those of further alerts are left out. */
const TEXTS = 50

export interface SnsMessage {
  readonly subject: string
  /** JSON with a text for each protocol: `default`, `email`, `sms`. */
  readonly message: string
  /** Attributes for the filters of subscriptions: a text, or a list of texts. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>
}

/**
 * The message for those of its receivers that are this topic. Alerts are left out until it fits, and counted as `omitted`. Pure.
 *
 * @param receivers their names
 */
export function snsMessage(
  message: Message,
  receivers: readonly string[],
  mostBytes = SNS_BYTES,
): SnsMessage {
  let fitting = message
  for (;;) {
    const built = build(fitting, message, receivers)
    const bytes = snsBytes(built)
    const { alerts } = fitting.notification
    if (bytes <= mostBytes || alerts.length === 0) return built
    // Slightly less than the share that fits, as alerts differ in size.
    fitting = withAlerts(fitting, Math.floor(alerts.length * Math.min(0.9, (mostBytes / bytes) * 0.95)))
  }
}

function withAlerts(message: Message, count: number): Message {
  const { alerts, omitted } = message.notification
  const kept = alerts.slice(0, count)
  const notification = { ...message.notification, alerts: kept, omitted: omitted + alerts.length - count }
  return { ...message, notification }
}

/** @param whole before any alert was left out: what is filtered by does not depend on what fits */
function build(message: Message, whole: Message, receivers: readonly string[]): SnsMessage {
  const { notification, env } = whole
  const { notificationId, group, status, reason, alerts } = notification
  const severity = highestSeverity(notification)
  const title = titleOf(whole)
  const sources = [...new Set(alerts.map(({ entity }) => entity.source))]
  const listed = (name: string, texts: readonly string[]) =>
    texts.length > 0 ? { [name]: texts.slice(0, TEXTS) } : {}
  return {
    subject: cut(ascii(title), SUBJECT, '...'),
    message: JSON.stringify({
      default: JSON.stringify(sluiceBody(message)),
      email: plainText(message),
      sms: cut(ascii(title), SMS, '...'),
    }),
    attributes: {
      notificationId,
      group,
      env,
      status,
      reason,
      ...(severity ? { severity } : {}),
      ...listed('receivers', receivers),
      ...listed('rules', rulesOf(notification)),
      ...listed('sources', sources),
    },
  }
}

function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, '?')
}

/** Returns the size that SNS counts: the message, and name, type and value of each attribute. */
export function snsBytes({ message, subject, attributes }: SnsMessage): number {
  const ofAttributes = Object.entries(attributes).map(([name, value]) => {
    const [type, text] = attributeOf(value)
    return Buffer.byteLength(name) + type.length + Buffer.byteLength(text)
  })
  return Buffer.byteLength(message) + subject.length + ofAttributes.reduce((sum, bytes) => sum + bytes, 0)
}

/** The type and the text of an attribute. */
export function attributeOf(value: string | readonly string[]): readonly [type: string, text: string] {
  return typeof value === 'string' ? ['String', value] : ['String.Array', JSON.stringify(value)]
}
