/** Variables of a producer. They are apart from its profiles, which every function needs. */
import { omitUndefined } from '../consumer/omit-undefined.ts'
import type { KafkaSettings } from './kafka.ts'
import { MAX_BATCH_BYTES, MAX_INT32, PROFILES, type ProfileName } from './producer.ts'
import { setting, slice } from './slice.ts'
import { oneOf, wholeNumber } from './value-kinds.ts'

/** Settings of a producer in environment variables. `ProducerSettings` describes each. */
export const PRODUCER = slice(
  'Producer',
  {
    PRODUCER_PROFILE: setting('producer.profile', oneOf(Object.keys(PROFILES) as ProfileName[]), {
      option: '--profile <name>',
      description: 'The [profile](producer.md#profiles). The variables below override its settings.',
      otherwise: '`balanced`',
    }),
    PRODUCER_BATCH_SIZE: setting(
      'producer.batch_size',
      wholeNumber({ least: 1, most: MAX_INT32, unit: 'records' }),
      {
        description: 'Number of waiting records at which they are sent: `batchRecords` of the profiles.',
        otherwise: 'that of the profile',
      },
    ),
    PRODUCER_BATCH_BYTES: setting(
      'producer.batch_bytes',
      wholeNumber({ least: 1, most: 64 * 1024 * 1024, unit: 'bytes' }),
      {
        description:
          'Maximum size of a batch of one partition, before compression: `batchBytes` of the profiles.',
        otherwise: `that of the profile; with \`PRODUCER_BATCH_SIZE\` ${MAX_BATCH_BYTES}`,
      },
    ),
    PRODUCER_LINGER_MS: setting('producer.linger_ms', wholeNumber({ least: 0, most: MAX_INT32 }), {
      description: 'How long a record waits for others before it is sent, in milliseconds.',
      otherwise: 'that of the profile',
    }),
    PRODUCER_ACKS: setting('producer.acks', oneOf(['all', '1', '-1']), {
      description:
        'Required acknowledgements of a batch: from `all` replicas in sync (or `-1`), or only from its leader (`1`).',
      otherwise: 'that of the profile',
    }),
    PRODUCER_RETRIES: setting('producer.retries', wholeNumber({ least: 0, most: MAX_INT32 }), {
      description: 'Number of retries of a batch after a temporary error.',
      otherwise: 'until the command ends',
    }),
    PRODUCER_RETRY_BACKOFF_MS: setting(
      'producer.retry_backoff_ms',
      wholeNumber({ least: 0, most: MAX_INT32 }),
      {
        description: 'Delay before a batch is sent again, in milliseconds.',
        otherwise: 'that of the profile',
      },
    ),
  },
  ({ PRODUCER_PROFILE, PRODUCER_ACKS, PRODUCER_RETRIES, ...others }) => {
    const acks = PRODUCER_ACKS === undefined ? undefined : PRODUCER_ACKS === '1' ? 1 : ('all' as const)
    return {
      profile: PRODUCER_PROFILE,
      producer: omitUndefined({
        batchRecords: others.PRODUCER_BATCH_SIZE,
        // A profile's limit of bytes must not end batches before they have the requested number of records.
        batchBytes:
          others.PRODUCER_BATCH_BYTES ??
          (others.PRODUCER_BATCH_SIZE === undefined ? undefined : MAX_BATCH_BYTES),
        lingerMs: others.PRODUCER_LINGER_MS,
        acks,
        retries: PRODUCER_RETRIES,
        retryBackoffMs: others.PRODUCER_RETRY_BACKOFF_MS,
        // A broker recognises duplicates only if all replicas acknowledge and retries are enabled.
        idempotent: acks === 1 || PRODUCER_RETRIES === 0 ? false : undefined,
      }),
    }
  },
)

/** Returns the settings of a profile. Compression is what a person has chosen, else that of a named profile, else the usual one. */
export function chooseProfile(
  profile: ProfileName | undefined,
  kafka: Pick<KafkaSettings, 'isEventHubs' | 'chosenCompression' | 'compression'>,
) {
  const { isEventHubs, chosenCompression, compression } = kafka
  if (profile === undefined) return { compression }
  const isUnread = isEventHubs && PROFILES[profile].compression !== 'none'
  return omitUndefined({ profile, compression: isUnread ? compression : chosenCompression })
}
