/** The options by which every command that connects to Kafka is given another cluster. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { AUTHENTICATIONS, CONNECTIVITIES } from '../packages/runtime/adapters/kafka/authentication.ts'
import { parseConnectionString } from '../packages/runtime/adapters/kafka/event-hubs.ts'
import { BROKERS, MSK_CLUSTER } from '../packages/runtime/settings/kafka.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'
import { mapped, oneOf } from '../packages/runtime/settings/values.ts'
import { ANY_TEXT, option, SOME_TEXT, type ValuesOf } from './command.ts'
import { CliFailure } from './failure.ts'
import type { Terminal } from './terminal.ts'

export const KAFKA_OPTIONS = {
  brokers: option(
    '<list>',
    'host:port of brokers, separated by commas',
    mapped(BROKERS, brokers => brokers.join(',')),
  ),
  clusterArn: option('<arn>', 'a cluster on Amazon MSK, whose brokers are looked up', MSK_CLUSTER),
  mskConnectivity: option('<network>', 'which of its brokers to look up', oneOf(CONNECTIVITIES)),
  auth: option('<how>', 'how to connect and sign in', oneOf(AUTHENTICATIONS)),
  username: option('<name>', 'the user for SCRAM and PLAIN; KAFKA_PASSWORD is the password', SOME_TEXT),
  secret: option('<name>', 'a secret with user and password, or with a client certificate', SOME_TEXT),
  caFile: option('<file>', 'the certificate of the authority to trust', SOME_TEXT),
  // Checked later, because the message about a wrong value would contain it.
  eventHubsConnStr: option(
    '<string>',
    'a connection string of Azure Event Hubs, as it is, or $VARIABLE',
    ANY_TEXT,
  ),
}

/** Options of commands with a topic. */
export const EVENT_HUB_OPTIONS = {
  eventHubName: option('<name>', 'the event hub, which is the topic', SOME_TEXT),
}

type KafkaOptions = Partial<ValuesOf<typeof KAFKA_OPTIONS>>

/** An event hub is a topic: its name stands for a topic that is not named. */
export function takeTopicFromEventHub(command: Command, terminal: Pick<Terminal, 'environment'>): void {
  const useTopic = (topic: string | undefined) => {
    if (topic !== undefined && command.getOptionValueSource('topic') !== 'cli')
      command.setOptionValueWithSource('topic', topic, 'implied')
  }
  command.on('option:event-hubs-conn-str', (string: string) => {
    if (command.getOptionValue('topic') === undefined)
      useTopic(parseConnectionString(resolved(string, terminal.environment))?.hub)
  })
  command.on('option:event-hub-name', useTopic)
}

/**
 * The environment as the options of a command change it: they go before variables.
 *
 * @param command the command that runs; undefined before one does
 * @param folder where relative file names start
 */
export function kafkaEnvironment(
  command: Command | undefined,
  environment: Environment,
  folder: string,
): Environment {
  if (!command?.options.some(({ long }) => long === '--cluster-arn')) return environment
  const given: KafkaOptions = command.opts()
  const set = variablesOf(given, environment, folder)
  const replaced = REPLACED.flatMap(({ by, variables }) =>
    by.some(name => given[name] !== undefined) ? variables : [],
  )
  const left = Object.entries(environment).filter(([name]) => !replaced.includes(name))
  return { ...Object.fromEntries(left), ...set }
}

function variablesOf(given: KafkaOptions, environment: Environment, folder: string): Environment {
  const { caFile, eventHubsConnStr } = given
  const named = {
    KAFKA_BROKERS: given.brokers,
    MSK_CLUSTER_ARN: given.clusterArn,
    MSK_CONNECTIVITY: given.mskConnectivity,
    EVENT_HUBS_CONN_STR: eventHubsConnStr && resolved(eventHubsConnStr, environment),
    KAFKA_USERNAME: given.username,
    KAFKA_SECRET: given.secret,
    KAFKA_CA_FILE: caFile && resolve(folder, caFile),
    KAFKA_AUTH: given.auth,
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** An option replaces variables with another name, too, that would go before it or contradict it. */
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
 * A value such as `$NAME` names a variable, so that a secret is not on the command line.
 *
 * @throws CliFailure if it is not set
 */
function resolved(text: string, environment: Environment): string {
  const name = /^\$(\w+)$/.exec(text)?.[1]
  if (name === undefined) return text
  const value = environment[name]
  if (value) return value
  throw new CliFailure(`--event-hubs-conn-str names the variable ${name}, which is not set.`)
}
