/** Options that select another Kafka cluster. All commands that connect to Kafka have them. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { AUTHENTICATIONS, CONNECTIVITIES } from '#runtime/adapters/kafka/authentication.ts'
import { parseConnectionString } from '#runtime/adapters/kafka/event-hubs.ts'
import { BROKERS, type Environment, MSK_CLUSTER, mapKind, oneOf } from '#runtime/settings/index.ts'
import { ANY_TEXT, option, SOME_TEXT, type ValuesOf } from './command.ts'
import { CliFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

export const KAFKA_OPTIONS = {
  brokers: option(
    '<list>',
    'host:port of brokers, separated by commas',
    mapKind(BROKERS, brokers => brokers.join(',')),
  ),
  clusterArn: option('<arn>', 'Amazon MSK cluster whose brokers are looked up', MSK_CLUSTER),
  mskConnectivity: option('<network>', 'network of the brokers to look up', oneOf(CONNECTIVITIES)),
  auth: option('<how>', 'authentication method', oneOf(AUTHENTICATIONS)),
  username: option('<name>', 'user for SCRAM and PLAIN; the password is in KAFKA_PASSWORD', SOME_TEXT),
  secret: option('<name>', 'secret with user and password, or with a client certificate', SOME_TEXT),
  caFile: option('<file>', 'file with the certificate of the trusted authority', SOME_TEXT),
  // Validate the value later, because the message about an invalid value would show it.
  eventHubsConnStr: option(
    '<string>',
    'a connection string of Azure Event Hubs, as it is, or $VARIABLE',
    ANY_TEXT,
  ),
}

/** Options of commands that have an option for the topic. They name an Azure event hub as the topic. */
export const EVENT_HUB_OPTIONS = {
  eventHubName: option('<name>', 'the event hub, which is the topic', SOME_TEXT),
}

type KafkaOptions = Partial<ValuesOf<typeof KAFKA_OPTIONS>>

/**
 * Uses the name of the event hub as the topic if no topic is specified. In Azure Event Hubs, an event hub corresponds to a topic.
 *
 * @param option name of the command's option for the topic
 */
export function takeTopicFromEventHub(
  command: Command,
  option: string,
  terminal: Pick<Terminal, 'environment'>,
): void {
  const useTopic = (topic: string | undefined) => {
    if (topic !== undefined && command.getOptionValueSource(option) !== 'cli')
      command.setOptionValueWithSource(option, topic, 'implied')
  }
  command.on('option:event-hubs-conn-str', (string: string) => {
    if (command.getOptionValue(option) === undefined)
      useTopic(parseConnectionString(resolveVariable(string, terminal.environment))?.hub)
  })
  command.on('option:event-hub-name', useTopic)
}

/**
 * Returns the environment with the values of the command's options, which take precedence over variables.
 *
 * @param command command to run; undefined before it is known
 * @param folder base folder of relative file names
 */
export function applyKafkaOptions(
  command: Command | undefined,
  environment: Environment,
  folder: string,
): Environment {
  if (!command?.options.some(({ long }) => long === '--cluster-arn')) return environment
  const options: KafkaOptions = command.opts()
  const set = toVariables(options, environment, folder)
  const replaced = REPLACED.flatMap(({ by, variables }) =>
    by.some(name => options[name] !== undefined) ? variables : [],
  )
  const left = Object.entries(environment).filter(([name]) => !replaced.includes(name))
  return { ...Object.fromEntries(left), ...set }
}

function toVariables(options: KafkaOptions, environment: Environment, folder: string): Environment {
  const { caFile, eventHubsConnStr } = options
  const named = {
    KAFKA_BROKERS: options.brokers,
    MSK_CLUSTER_ARN: options.clusterArn,
    MSK_CONNECTIVITY: options.mskConnectivity,
    EVENT_HUBS_CONN_STR: eventHubsConnStr && resolveVariable(eventHubsConnStr, environment),
    KAFKA_USERNAME: options.username,
    KAFKA_SECRET: options.secret,
    KAFKA_CA_FILE: caFile && resolve(folder, caFile),
    KAFKA_AUTH: options.auth,
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** Variables that are removed if an option is given, because they would take precedence over the option or contradict it. */
const REPLACED: readonly {
  readonly by: readonly (keyof KafkaOptions)[]
  readonly variables: readonly string[]
}[] = [
  {
    by: ['brokers', 'clusterArn', 'eventHubsConnStr'],
    variables: ['KAFKA_BROKERS', 'KAFKA_PORT', 'MSK_CLUSTER_ARN', 'EVENT_HUBS_CONN_STR'],
  },
  { by: ['eventHubsConnStr'], variables: ['KAFKA_AUTH'] },
  { by: ['username'], variables: ['KAFKA_SECRET'] },
  { by: ['caFile'], variables: ['KAFKA_CA_SECRET'] },
]

/**
 * Returns the value of an option. A value such as `$NAME` is replaced by the variable's value, so that a secret does not have to be
 * on the command line.
 *
 * @throws CliFailure if the variable is not set
 */
function resolveVariable(text: string, environment: Environment): string {
  const name = /^\$(\w+)$/.exec(text)?.[1]
  if (name === undefined) return text
  const value = environment[name]
  if (value) return value
  throw new CliFailure(
    `--event-hubs-conn-str refers to the variable ${name}, which is not set: set it, or pass the connection string.`,
  )
}
