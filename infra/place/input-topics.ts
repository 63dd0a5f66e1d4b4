/** Reads the topics of other applications that an environment reads, and the further cluster that has some of them. */
import { ConfigError } from '#runtime/settings/index.ts'
import { readClusterSettings } from '../../lib/app/input-cluster.ts'
import { resolveInputs } from '../../lib/app/inputs.ts'
import {
  type Environment,
  type InputSignIn,
  NAMES,
  ONE_MACHINE,
  readSettings,
} from '../../lib/app/settings/index.ts'
import type { Input } from '../../lib/intake/input.ts'
import { errorLine, InvalidFile } from '../../lib/support/file-errors.ts'
import { isSecretArn } from './arns.ts'
import type { FurtherCluster } from './place.ts'

interface InputTopics {
  /** Names of all inputs. */
  readonly inputs: string[]
  readonly inputCluster?: FurtherCluster
  readonly problems: readonly string[]
}

/**
 * Returns the inputs, and the errors in their file.
 *
 * @param file path of the file; undefined if the setting is invalid
 * @param environment settings of the names of topics
 * @param signIn sign-in of this machine to the further cluster; absent for an account
 */
export function readInputTopics(
  env: string,
  file: string | undefined,
  environment: Environment,
  signIn?: InputSignIn,
): InputTopics {
  if (file === undefined) return { inputs: [], problems: [] }
  try {
    const { names } = readSettings([NAMES], environment)
    const isOneMachine = signIn !== undefined && readSettings([ONE_MACHINE], environment).isOneMachine
    const all = resolveInputs({ env, names, isOneMachine, inputsFile: file })
    const inputs = all.map(({ topic }) => topic)
    const problems = inputs
      .filter(topic => names.topicNamed(topic) !== undefined)
      .map(topic => `${file}: ${topic} is a topic of Sluice, and its records are events already.`)
    const inputCluster = findCluster(all, signIn)
    if (inputCluster === undefined) return { inputs, problems }
    const { name } = inputCluster
    const wrong = findClusterProblems(inputCluster, signIn).map(
      problem => `${file}: clusters.${name}.${problem}.`,
    )
    return { inputs, inputCluster, problems: [...problems, ...wrong] }
  } catch (error) {
    if (error instanceof ConfigError)
      return { inputs: [], problems: error.errors.map(error => `${file}: the further cluster: ${error}.`) }
    if (!(error instanceof InvalidFile)) throw error
    return { inputs: [], problems: error.errors.map(errorLine) }
  }
}

/** @throws ConfigError if the keys of the cluster contradict each other */
function findCluster(inputs: readonly Input[], signIn?: InputSignIn): FurtherCluster | undefined {
  const [cluster] = inputs.flatMap(input => input.cluster ?? [])
  if (cluster === undefined) return undefined
  const { brokers, auth, secret, caSecret } = readClusterSettings(cluster, signIn === undefined, signIn).kafka
  const { name, arn } = cluster
  const topics = inputs.filter(input => input.cluster !== undefined).map(({ topic }) => topic)
  return { name, topics, arn, brokers: [...brokers], auth, secret, caSecret }
}

/** Returns errors that would keep an event source from its cluster. */
function findClusterProblems(cluster: FurtherCluster, signIn?: InputSignIn): string[] {
  const { arn, brokers, auth, secret, caSecret } = cluster
  if (signIn !== undefined) {
    if (brokers.length === 0) return ['brokers: must name those for `npm start`, or INPUTS_FILE another file']
    return secret === undefined
      ? []
      : ['secret: is not read by `npm start`: set INPUT_KAFKA_USERNAME and INPUT_KAFKA_PASSWORD']
  }
  const named = (arn === undefined ? { secret, caSecret } : { secret }) as Record<string, string | undefined>
  const unusable = Object.entries(named).filter(([, value]) => value !== undefined && !isSecretArn(value))
  return [
    ...unusable.map(
      ([key]) => `${key}: must be the ARN of the secret, because event source mappings do not accept names`,
    ),
    ...(auth === 'tls' && arn !== undefined && secret !== undefined
      ? [
          'auth: must be iam or scram-sha-512 with secret: the Serverless Framework has no client certificates for MSK',
        ]
      : []),
  ]
}
