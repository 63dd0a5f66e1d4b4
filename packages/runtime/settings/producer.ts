/** Settings of a producer, and profiles, which are named sets of these settings. */
import {
  boolean,
  type InferOutput,
  integer,
  maxValue,
  minValue,
  number,
  picklist,
  pipe,
  safeParse,
  strictObject,
  string,
  union,
} from 'valibot'
import { ConfigError, errorLines } from './config-error.ts'
import { COMPRESSIONS } from './kafka.ts'
import { readSettings } from './read-settings.ts'
import { setting, slice } from './slice.ts'
import { text } from './value-kinds.ts'

export const MAX_INT32 = 2_147_483_647
/** By default, a topic accepts 1 MiB per batch, including header and framing. */
export const MAX_BATCH_BYTES = 1_000_000

const from = (least: number, most = MAX_INT32) => {
  const message = `must be a whole number from ${least} to ${most}`
  return pipe(number(message), integer(message), minValue(least, message), maxValue(most, message))
}

const SCHEMA = strictObject({
  /** Number of waiting records, over all partitions, at which all are sent. It is also the maximum number of a batch. */
  batchRecords: from(1),
  /** Maximum size of a batch of one partition, before compression. */
  batchBytes: from(1, 64 * 1024 * 1024),
  /** Maximum time for which a record waits for others before it is sent. */
  lingerMs: from(0),
  /** Codec of batches. */
  compression: picklist(COMPRESSIONS, `must be one of ${COMPRESSIONS.join(', ')}`),
  /** `all`: all replicas in sync acknowledge a batch. `1`: only its leader does, so it is lost with the leader. */
  acks: union([picklist(['all']), picklist([1])], 'must be "all" or 1'),
  /** Number of retries of a batch after a temporary error, within the delivery timeout. */
  retries: from(0),
  /** Delay before a batch is sent again. */
  retryBackoffMs: from(0),
  /** The broker drops duplicate batches, and refuses batches out of order. Requires `acks: "all"`. */
  idempotent: boolean('must be true or false'),
  /** Maximum number of unanswered requests per broker. Above 1, a retry can change the order unless idempotent. */
  maxInFlight: from(1, 100),
  /** Time after which a delivery is reported as failed, from the beginning of its batch: two minutes, in Lambda 20 seconds. */
  deliveryTimeoutMs: from(1),
  /** Time limit for the answer to a request, after which its connection is closed. */
  requestTimeoutMs: from(1),
  /** Size of unacknowledged records from which publishing waits. From twice this size on, it is refused. */
  bufferBytes: from(1),
  /** Name of the client in the logs and quotas of brokers. */
  clientId: string('must be text'),
})

/** Settings of a producer: sizes in bytes, times in milliseconds. */
export type ProducerSettings = Readonly<InferOutput<typeof SCHEMA>>

/** Limits of a batch. Profiles do not set `compressFromBytes`. */
export interface BatchLimits {
  readonly lingerMs: number
  readonly deliveryTimeoutMs: number
  /** Size from which a batch is compressed, in bytes; 0 by default. Compressing smaller batches would cost more than it saves. */
  readonly compressFromBytes?: number
}

/** Names of the profiles. */
export type ProfileName =
  | 'high-throughput'
  | 'low-latency'
  | 'high-durability'
  | 'balanced'
  | 'compact'
  | 'plain'

const COMMON = {
  batchBytes: MAX_BATCH_BYTES,
  compression: 'none',
  retries: 3,
  retryBackoffMs: 100,
  idempotent: false,
  maxInFlight: 5,
  requestTimeoutMs: 10_000,
  bufferBytes: 32 * 1024 * 1024,
  clientId: 'telemetry-producer',
} as const

/** The settings of each profile. */
export const PROFILES: Readonly<Record<ProfileName, Omit<ProducerSettings, 'deliveryTimeoutMs'>>> = {
  /** Large batches for bulk loads. A record waits up to a second. If a leader is lost, records can be lost. */
  'high-throughput': { ...COMMON, batchRecords: 1_000, lingerMs: 1_000, compression: 'snappy', acks: 1 },
  /** Small batches without compression, for low latency. If a leader is lost, records can be lost. */
  'low-latency': { ...COMMON, batchRecords: 10, lingerMs: 10, acks: 1 },
  /** Acknowledged by all replicas, with long delays between retries. A retry can repeat a record. */
  'high-durability': { ...COMMON, batchRecords: 100, lingerMs: 10, acks: 'all', retryBackoffMs: 1_000 },
  /** Each record once and in order for each partition while the producer runs, retried until the delivery timeout. */
  balanced: {
    ...COMMON,
    batchRecords: 10_000,
    batchBytes: 16_384,
    lingerMs: 100,
    compression: 'lz4',
    acks: 'all',
    idempotent: true,
    retries: MAX_INT32,
  },
  /** Compressed batches of moderate size, to save network and disk. */
  compact: { ...COMMON, batchRecords: 100, lingerMs: 100, compression: 'snappy', acks: 'all' },
  /** Usual settings of clients: acknowledged by all replicas, three retries, five requests in flight. */
  plain: { ...COMMON, batchRecords: 100, lingerMs: 10, acks: 'all' },
}

const IN_FUNCTION = slice(
  'Function',
  {
    AWS_LAMBDA_FUNCTION_NAME: setting(text(/^.+$/, 'the name of a function'), {
      description: 'Name of the function that runs this code.',
      setBy: 'runtime',
    }),
  },
  ({ AWS_LAMBDA_FUNCTION_NAME }) => ({ isInFunction: AWS_LAMBDA_FUNCTION_NAME !== undefined }),
)

/**
 * Returns the settings of a profile with overrides.
 *
 * @throws ConfigError that names every unknown or invalid setting
 */
export function producerSettings(
  profile: ProfileName = 'balanced',
  given: Partial<ProducerSettings> = {},
): ProducerSettings {
  const found = Object.hasOwn(PROFILES, profile) ? PROFILES[profile] : undefined
  if (!found)
    throw new ConfigError('the producer', [
      `profile: must be one of ${Object.keys(PROFILES).join(', ')}, not "${profile}"`,
    ])
  const { isInFunction } = readSettings([IN_FUNCTION])
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  // Short enough for a function to report the failure before Lambda stops it.
  const deliveryTimeoutMs = isInFunction ? 20_000 : 120_000
  const { output, issues } = safeParse(SCHEMA, { deliveryTimeoutMs, ...found, ...chosen })
  if (issues) throw new ConfigError('the producer', [...new Set(errorLines(issues))])
  const settings = output as ProducerSettings
  if (settings.idempotent && settings.acks !== 'all')
    throw new ConfigError('the producer', [
      'idempotent: requires acks "all", because the loss of a leader also loses its memory of sequences',
    ])
  if (settings.idempotent && settings.retries < 1)
    throw new ConfigError('the producer', ['retries: must be at least 1 if idempotent'])
  return settings
}
