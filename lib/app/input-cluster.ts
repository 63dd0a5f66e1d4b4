/** Access to the further cluster of inputs. Its keys have the meaning, the defaults and the errors of the settings of Kafka. */
import { ConfigError, KAFKA, type KafkaSettings, readSettings } from '#runtime/settings/index.ts'
import type { InputCluster } from '../intake/input.ts'
import type { InputSignIn } from './settings/inputs.ts'

const NAMES: Readonly<Record<string, string>> = {
  MSK_CLUSTER_ARN: 'arn',
  KAFKA_BROKERS: 'brokers',
  KAFKA_AUTH: 'auth',
  KAFKA_SECRET: 'secret',
  KAFKA_CA_SECRET: 'caSecret',
  KAFKA_USERNAME: 'INPUT_KAFKA_USERNAME',
  KAFKA_PASSWORD: 'INPUT_KAFKA_PASSWORD',
}

/**
 * Returns the settings for connecting to a further cluster. In an account, a cluster with an ARN is found by it. On a developer's
 * machine its `brokers` are used, in plain text unless a user is set.
 *
 * @param isInAccount true if Sluice's own cluster is found by its ARN
 * @throws ConfigError that names each invalid key
 */
export function readClusterSettings(
  { name, arn, brokers, auth, secret, caSecret }: InputCluster,
  isInAccount: boolean,
  { username, password, caFile }: InputSignIn = {},
): KafkaSettings {
  const isFound = arn !== undefined && (isInAccount || brokers === undefined)
  const isLocal = arn !== undefined && !isFound
  const environment = {
    ...(isFound ? { MSK_CLUSTER_ARN: arn } : { KAFKA_BROKERS: brokers?.join(',') }),
    KAFKA_AUTH: isLocal && username === undefined ? 'none' : auth,
    KAFKA_SECRET: username === undefined ? secret : undefined,
    KAFKA_CA_SECRET: caFile === undefined ? caSecret : undefined,
    KAFKA_USERNAME: username,
    KAFKA_PASSWORD: password,
    KAFKA_CA_FILE: caFile,
  }
  const where = `clusters.${name} of the inputs`
  if (auth === 'iam' && arn === undefined)
    throw new ConfigError(where, ['auth: must not be iam without arn: only MSK has it'])
  try {
    return readSettings([KAFKA], environment)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const rename = (line: string) => line.replace(/\b(?:KAFKA|MSK)_\w+/g, word => NAMES[word] ?? word)
    throw new ConfigError(where, error.errors.map(rename))
  }
}
