/** Converts command declarations to commands of commander, which parse the command line and show help. */
import { Argument, type Command, type Option } from 'commander'
import { safeParse } from 'valibot'
import type { Kind } from '#runtime/settings'
import { findBrokenRules } from '../lib/questions/field-rules.ts'
import { describeInvalid } from '../scripts/command-line.ts'
import { type CommandValue, type Parameter, type Parameters, toFlag, toKebabCase } from './command.ts'
import { EVENT_HUB_OPTIONS, KAFKA_OPTIONS, takeTopicFromEventHub } from './kafka-options.ts'
import { DeclaredOption } from './setting-options.ts'
import type { Terminal } from './terminal.ts'

/** Adds the declared arguments and options to a commander command. */
export function declare(command: Command, value: CommandValue, terminal: Terminal): void {
  const { args = {}, options = {} } = value
  command.description(value.about).addHelpText('after', `\n${value.more.trim()}`)
  for (const [name, parameter] of Object.entries(args)) {
    command.addArgument(createArgument(name, parameter))
    const { flag, ...rest } = parameter
    if (flag) command.addOption(createOption(flag, { ...rest, value: `<${name}>`, isRequired: false }))
  }
  for (const [name, parameter] of Object.entries(options)) command.addOption(createOption(name, parameter))
  if (!value.withoutKafka) addKafkaOptions(command, terminal)
  command.action(() => {
    requireRules(command, value)
    return value.run(collectValues(command, args, options), terminal)
  })
}

/** Checks the declared rules about options that exclude or need one another. @throws CommanderError */
function requireRules(command: Command, value: CommandValue): void {
  const argumentNames = Object.keys(value.args ?? {})
  const isPresent = (term: string) => {
    const [name = '', text] = term.split('=')
    const argument = command.processedArgs[argumentNames.indexOf(name)]
    if (argumentNames.includes(name)) return argument !== undefined && argument.length !== 0
    const isGiven = command.getOptionValueSource(name) === 'cli'
    return isGiven && (text === undefined || command.getOptionValue(name) === text)
  }
  const describe = (term: string) => {
    const [name = '', text] = term.split('=')
    if (argumentNames.includes(name)) return `argument '${toKebabCase(name)}'`
    const option = command.options.find(option => option.attributeName() === name)
    return `option '${text === undefined ? option?.flags : `${option?.long} ${text}`}'`
  }
  const flags = Object.entries(value.args ?? {}).flatMap(([name, { flag }]) => (flag ? [[name, flag]] : []))
  const rules = {
    ...value,
    conflicts: [...(value.conflicts ?? []), ...flags],
    requiresOneOf: [...(value.requiresOneOf ?? []), ...flags],
  }
  const errors = findBrokenRules(rules, isPresent, describe)
  if (errors.length > 0) command.error(errors.map(error => `error: ${error}`).join('\n'))
}

/** Adds the Kafka options to a command that has the option `--env`. */
export function addKafkaOptions(command: Command, terminal: Pick<Terminal, 'environment'>): void {
  const has = (name: string) => command.options.some(option => option.attributeName() === name)
  if (!has('env')) return
  const topic = ['topic', 'kafkaTopic'].find(has)
  for (const [name, parameter] of Object.entries({ ...KAFKA_OPTIONS, ...(topic && EVENT_HUB_OPTIONS) }))
    command.addOption(createOption(name, parameter).helpGroup('Kafka:'))
  if (topic) takeTopicFromEventHub(command, topic, terminal)
}

function createArgument(
  name: string,
  { description, kind, isRequired, isList, flag }: Parameter<unknown>,
): Argument {
  const [open, close] = isRequired && !flag ? ['<', '>'] : ['[', ']']
  const argument = new Argument(`${open}${toKebabCase(name)}${isList ? '...' : ''}${close}`, description)
  if (!kind) return argument
  const choices = getChoices(kind)
  return (choices ? argument.choices(choices) : argument).argParser(createParser(kind, isList))
}

export function createOption(name: string, parameter: Parameter<unknown>): Option {
  const { kind, value, isNegated, isAddress, isRequired, isList, short, initial } = parameter
  const long = toFlag(isNegated ? `no-${name}` : name)
  const flags = [short && `-${short}`, value ? `${long} ${value}` : long].filter(Boolean).join(', ')
  const option = new DeclaredOption(flags, parameter)
  if (!kind) return option
  const choices = getChoices(kind)
  if (choices) option.choices(choices)
  option.argParser(createParser(kind, isList, isAddress)).makeOptionMandatory(isRequired === true)
  return initial ? option.default(initial.value, initial.shown) : option
}

/** Returns the allowed texts of a kind of value; undefined if they are not a fixed set. */
function getChoices({ schema }: Kind<unknown>): readonly string[] | undefined {
  const { type, options } = schema as { type: string; options?: readonly string[] }
  return type === 'picklist' ? options : undefined
}

/**
 * Returns the values by name. If a parameter without a default is not given, its value is an empty list for a list, false for a
 * flag, and absent otherwise.
 */
function collectValues(command: Command, args: Parameters, options: Parameters): Record<string, unknown> {
  const optionValues = command.opts()
  const ofArguments = Object.entries(args).map(([name, { isList, flag }], index) => {
    const value = command.processedArgs[index] ?? (flag && optionValues[flag])
    return [name, value ?? (isList ? [] : undefined)] as const
  })
  const ofOptions = Object.entries(options).map(([name, { isList, kind }]) => {
    return [name, optionValues[name] ?? (isList ? [] : kind ? undefined : false)] as const
  })
  return Object.fromEntries([...ofArguments, ...ofOptions].filter(([, value]) => value !== undefined))
}

/** Placeholder for an invalid value. `requireValidValues` reports it later, so that all values are checked first. */
class InvalidValue {
  readonly text: string
  readonly allowed: string

  constructor(text: string, allowed: string) {
    this.text = text
    this.allowed = allowed
  }
}

/**
 * Returns a parser for values of this kind. It returns a placeholder for an invalid value. `requireValidValues` reports the
 * placeholders before the command runs.
 */
function createParser({ schema, allowed }: Kind<unknown>, isList = false, isAddress = false) {
  const parse = (text: string) => {
    const { success, output } = safeParse(schema, text)
    return success ? output : new InvalidValue(isAddress ? hideLogin(text) : text, allowed)
  }
  return isList ? (text: string, before: unknown = []) => [...(before as unknown[]), parse(text)] : parse
}

/** Replaces the user and password in an address. */
function hideLogin(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@')
}

/**
 * Checks the arguments and options of a command and its parent commands. If there are invalid values, the command ends with one
 * error line for each of them.
 *
 * @throws CommanderError
 */
export function requireValidValues(command: Command): void {
  const lines = listErrors(command)
  if (lines.length > 0) command.error(lines.join('\n'))
}

function listErrors(command: Command): string[] {
  const ofArguments = command.registeredArguments.map(
    (argument, index) => [`argument '${argument.name()}'`, command.processedArgs[index]] as const,
  )
  const ofOptions = command.options.map(
    option => [`option '${option.flags}'`, command.getOptionValue(option.attributeName())] as const,
  )
  const errors = [...ofArguments, ...ofOptions].flatMap(([where, value]) =>
    [value]
      .flat()
      .flatMap(value =>
        value instanceof InvalidValue ? [describeInvalid(where, value.text, value.allowed)] : [],
      ),
  )
  return [...(command.parent ? listErrors(command.parent) : []), ...errors]
}
