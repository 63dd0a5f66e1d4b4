/** The connection to Kafka. Only this folder knows the client library. */
import { readEveryCodec, readRecordsOf } from '@sluice/kafka-records'
import kafkajs, { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs'

export type { Kafka }

export interface KafkaSettings {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** `none` is plain text; `tls` encrypts; `iam` encrypts and authenticates with the function's role. */
  readonly auth: 'none' | 'tls' | 'iam'
  /** AWS region to sign in to; required for `iam`. */
  readonly region?: string
}

/** A client whose connections and requests fail within seconds: records that cannot be processed now stay in Kafka. */
export function kafkaClient(settings: KafkaSettings): Kafka {
  readEveryCodec(kafkajs.CompressionCodecs)
  const kafka = new Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: logLevel.NOTHING,
    ...security(settings),
  })
  readRecordsOf(kafka)
  return kafka
}

function security({ auth, region }: KafkaSettings): Partial<KafkaConfig> {
  if (auth === 'none') return {}
  return auth === 'tls' ? { ssl: true } : { ssl: true, sasl: iam(region ?? '') }
}

function iam(region: string): SASLOptions {
  return {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => {
      const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js')
      return { value: (await generateAuthToken({ region })).token }
    },
  }
}
