import {
  array,
  check,
  exactOptional,
  type GenericSchema,
  pipe,
  record,
  string,
  transform,
  union,
} from 'valibot'
import { withoutLogin } from '../support/values.ts'
import { SASL, type SaslSettings, SSL, type TlsSettings } from './security.ts'
import { hiddenMap, must, mustBe } from './setting-errors.ts'

/** Brokers of a Kafka cluster, with the settings for encryption and authentication. */
export interface ClusterSettings {
  readonly brokers: readonly string[]
  readonly ssl: boolean | TlsSettings
  readonly sasl: SaslSettings | undefined
  /** Section of the settings, for use in messages, such as `custom.mskTrigger.clusters.stock`. */
  readonly section: string
}

/** Value of the setting `custom.mskTrigger.clusters`, with at most one entry. Its key is the ARN, the name or a bootstrap server of a cloud cluster. */
export type LocalClusters = Readonly<
  Record<
    string,
    {
      readonly brokers: readonly string[]
      readonly ssl?: boolean | TlsSettings
      readonly sasl?: SaslSettings
    }
  >
>

/** Builds the error message for invalid brokers. It masks credentials, because a user may have included them by mistake. */
const BROKERS: ReturnType<typeof must> = issue => withoutLogin(must('a list of host:port')(issue))

/** Schema of a list of brokers, or of a text with comma-separated brokers. */
export const BROKER_LIST = pipe(
  union([string(), array(string())], BROKERS),
  check(given => listed(given).length > 0 && listed(given).every(isBroker), BROKERS),
  transform(listed),
)

export const CLUSTERS = pipe(
  record(
    string(),
    hiddenMap({ brokers: BROKER_LIST, ssl: exactOptional(SSL), sasl: exactOptional(SASL) }),
    mustBe('a map with a cluster'),
  ),
  check(clusters => Object.keys(clusters).length <= 1, 'must have one cluster at most'),
) as GenericSchema<unknown, LocalClusters>

function listed(given: string | string[]): string[] {
  return typeof given === 'string' ? given.split(',').map(broker => broker.trim()) : given
}

/** Returns true if the text has the form `host:port`. */
function isBroker(entry: string): boolean {
  const [, port] = /^(?:[^\s,:]+|\[[^\]]+\]):(\d+)$/.exec(entry) ?? []
  return Number(port) >= 1 && Number(port) <= 65_535
}
