import { createKind, setting, slice, text } from '#runtime/settings'
import { isObject, parseJson } from '../../support/json.ts'

type Secrets = Readonly<Record<string, Readonly<Record<string, unknown>>>>

function parseSecrets(json: string): Secrets | undefined {
  const secrets = parseJson(json)
  return isObject(secrets) && Object.values(secrets).every(isObject) ? (secrets as Secrets) : undefined
}

/** Settings for the credentials of notification receivers. */
export const RECEIVERS = slice(
  'Receivers of notifications',
  {
    RECEIVER_SECRETS: setting(
      'notifications.receiver_secrets',
      createKind(parseSecrets, 'a JSON object of secrets by name'),
      {
        description: 'The [secrets](notifications.md#secrets) of receivers by name.',
        otherwise: 'Secrets Manager',
        setBy: 'machine',
      },
    ),
  },
  ({ RECEIVER_SECRETS }) => ({ receiverSecrets: RECEIVER_SECRETS ?? {} }),
)

/** Setting for the SNS topic to which alerts are published. */
export const ALERTS_TOPIC = slice('Topic of alerts', {
  ALERTS_TOPIC_ARN: setting(
    'notifications.topic_arn',
    text(/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+$/, 'the ARN of an SNS topic'),
    {
      description: 'The SNS topic for alerts, `sluice-alerts-{env}`.',
      setBy: 'deployment',
    },
  ),
})
