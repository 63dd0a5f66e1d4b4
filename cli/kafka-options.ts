/** The options by which every command that connects to Kafka is told of another cluster. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import {
  AUTHENTICATIONS,
  CONNECTIVITIES,
  type KafkaAuth,
} from '../packages/runtime/adapters/kafka/authentication.ts'
import { parseConnectionString } from '../packages/runtime/adapters/kafka/event-hubs.ts'
import { BROKERS, MSK_CLUSTER } from '../packages/runtime/settings/kafka.ts'
import type { Environment } from '../packages/runtime/settings/slice.ts'
import { mapped } from '../packages/runtime/settings/values.ts'
import { choice, parserOf, someText } from './arguments.ts'
import { CliFailure } from './failure.ts'

const HEADING = 'Kafka:'

/** They have an environment, and never connect to Kafka. */
const WITHOUT_KAFKA: ReadonlySet<string> = new Set([
  'alerts send-test',
  'breaker show',
  'breaker reset',
  'schemas list',
  'schemas check',
  'schemas register',
  'state drop',
  'stats',
])

interface KafkaOptions {
  readonly brokers?: string
  readonly clusterArn?: string
  readonly mskConnectivity?: string
  readonly auth?: KafkaAuth
  readonly username?: string
  readonly secret?: string
  readonly caFile?: string
  readonly eventHubsConnStr?: string
}

/** Adds the options to every command that works with an environment, except to those that never connect to Kafka. */
export function addKafkaOptions(program: Command, environment: Environment): void {
  for (const command of leavesOf(program)) {
    if (!hasOption(command, '--env') || WITHOUT_KAFKA.has(nameOf(command))) continue
    for (const option of options()) command.addOption(option.helpGroup(HEADING))
    if (hasOption(command, '--topic')) takeTopicFromEventHub(command, environment)
  }
}

function options(): Option[] {
  return [
    new Option('--brokers <list>', 'host:port of brokers, separated by commas').argParser(
      parserOf(mapped(BROKERS, brokers => brokers.join(','))),
    ),
    new Option('--cluster-arn <arn>', 'a cluster on Amazon MSK, whose brokers are looked up').argParser(
      parserOf(MSK_CLUSTER),
    ),
    choice('--msk-connectivity <network>', 'which of its brokers to look up', CONNECTIVITIES),
    choice('--auth <how>', 'how to connect and sign in', AUTHENTICATIONS),
    new Option('--username <name>', 'the user for SCRAM and PLAIN; KAFKA_PASSWORD is the password').argParser(
      someText,
    ),
    new Option('--secret <name>', 'a secret with user and password, or with a client certificate').argParser(
      someText,
    ),
    new Option('--ca-file <file>', 'the certificate of the authority to trust').argParser(someText),
    // Not checked here: the message about a wrong value would hold it.
    new Option(
      '--event-hubs-conn-str <string>',
      'a connection string of Azure Event Hubs, as it is, or $VARIABLE',
    ),
  ]
}

/** An event hub is a topic: its name stands for a topic that is not named. */
function takeTopicFromEventHub(command: Command, environment: Environment): void {
  const option = new Option('--event-hub-name <name>', 'the event hub, which is the topic').argParser(
    someText,
  )
  command.addOption(option.helpGroup(HEADING))
  const useTopic = (topic: string | undefined) => {
    if (topic !== undefined && command.getOptionValueSource('topic') !== 'cli')
      command.setOptionValueWithSource('topic', topic, 'implied')
  }
  command.on('option:event-hubs-conn-str', (string: string) => {
    if (command.getOptionValue('topic') === undefined)
      useTopic(parseConnectionString(resolved(string, environment))?.hub)
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
  if (!command || !hasOption(command, '--cluster-arn')) return environment
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
 * A value such as `$NAME` names a variable, so that a secret does not stand on the command line.
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

function hasOption(command: Command, flag: string): boolean {
  return command.options.some(({ long }) => long === flag)
}

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

/** Its words behind the name of the program. */
function nameOf(command: Command): string {
  const above = command.parent
  return above?.parent ? `${nameOf(above)} ${command.name()}` : command.name()
}
