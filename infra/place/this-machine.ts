/** Settings for running the functions on this machine. Only the list of inputs is read from a file. */
import { alertsTopicName, localBuckets } from '../../lib/app/naming/resource-names.ts'
import { type Environment, INPUTS, LOCAL_PORTS, readSetting } from '../../lib/app/settings/index.ts'
import { resolveFolders } from './config-folders.ts'
import { readInputTopics } from './input-topics.ts'
import { type Place, readPlace } from './place.ts'
import { readSchedules } from './schedules.ts'

/**
 * Returns settings that use the local servers of `npm start` on loopback, with placeholder credentials. Several environments can
 * share the servers: each value of SLUICE_ENV has its own topics, groups and resources. The defaults of a place apply to the rest:
 * provisioned pollers, the only mode of the local Kafka trigger.
 */
export function readThisMachine(env: Environment, project: string): Place {
  const errors: string[] = []
  const loopback = (port: keyof typeof LOCAL_PORTS.settings) =>
    `127.0.0.1:${readSetting(LOCAL_PORTS.settings, port, env, errors) ?? 0}`
  const brokers = env.KAFKA_BROKERS || loopback('KAFKA_PORT')
  const redisUrl = env.REDIS_URL || `redis://${loopback('REDIS_PORT')}`
  const awsEndpoint = env.AWS_ENDPOINT_URL || `http://${loopback('AWS_PORT')}`
  const { schedules, problems } = readSchedules(env, true)
  const name = env.SLUICE_ENV || 'local'
  const file = readSetting(INPUTS.settings, 'INPUTS_FILE', env, errors)
  const { problems: wrongInputs, ...inputs } = readInputTopics(name, file, env, true)
  return readPlace({
    env: name,
    clusterArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/sluice/00000000-0000-0000-0000-000000000000-1',
    brokers,
    folders: resolveFolders(env, project),
    ...inputs,
    alertsTopicArn: `arn:aws:sns:us-east-1:000000000000:${alertsTopicName(name)}`,
    schedules,
    problems: [...errors.map(error => `${error}.`), ...problems, ...wrongInputs],
    // The bucket that `npm start` creates.
    historyBucket: localBuckets(name).history,
    hasStorage: Boolean(env.STORAGE_URL),
    isOnThisMachine: true,
    environment: {
      KAFKA_BROKERS: brokers,
      REDIS_URL: redisUrl,
      AWS_ENDPOINT_URL: awsEndpoint,
      AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID || 'test',
      AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY || 'test',
      ...pick(env, ['RECEIVER_SECRETS', 'SLUICE_ONE_MACHINE', 'TIME_ZONE', 'SENT_VIEWS_DIR']),
    },
  })
}

function pick(env: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap(name => (env[name] ? [[name, env[name]]] : [])))
}
