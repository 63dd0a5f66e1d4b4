/** Options that select another Kafka cluster, and the registry of its schemas. All commands that connect to Kafka have them. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { parseConnectionString } from '#runtime/operating/servers'
import { type Environment, KAFKA, REGISTRY } from '#runtime/settings'
import { withPrecedence } from '../control/environment/precedence.ts'
import { inTerminal, optionField } from '../control/questions/field.ts'
import { ANY_TEXT } from './command.ts'
import { CliFailure } from './failure.ts'
import { optionsByVariable, settingOption, settingOptions } from './setting-options.ts'
import type { Terminal } from './terminal.ts'

const CONNECTION_STRING = settingOption(KAFKA.settings, 'EVENT_HUBS_CONN_STR')

export const REGISTRY_OPTION = inTerminal(settingOption(REGISTRY.settings, 'SCHEMA_REGISTRY_URL'), {
  isAddress: true,
})

export const KAFKA_OPTIONS = {
  ...settingOptions(KAFKA),
  registry: REGISTRY_OPTION,
  // Validate the value later, because the message about an invalid value would show it.
  eventHubsConnStr: {
    ...CONNECTION_STRING,
    kind: ANY_TEXT,
    about: `${CONNECTION_STRING.about}; $NAME takes it from another variable`,
  },
}

/** Options of commands that have an option for the topic. They name an Azure event hub as the topic. */
export const EVENT_HUB_OPTIONS = {
  eventHubName: optionField('<name>', 'the event hub, which is the topic'),
}

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
  const given = [...optionsByVariable(command)].flatMap(([variable, option]) => {
    const value: string | readonly string[] | undefined = command?.getOptionValue(option.attributeName())
    if (value === undefined || !Object.hasOwn({ ...KAFKA.settings, ...REGISTRY.settings }, variable))
      return []
    const text = [value].flat().join(',')
    if (variable === 'KAFKA_CA_FILE') return [[variable, resolve(folder, text)]]
    return [[variable, variable === 'EVENT_HUBS_CONN_STR' ? resolveVariable(text, environment) : text]]
  })
  return withPrecedence(Object.fromEntries(given), environment)
}

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
