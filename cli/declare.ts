/** Converts command declarations to commands of commander, which parse the command line and show help. */
import { Argument, type Command, Option } from 'commander'
import { safeParse } from 'valibot'
import type { Kind } from '#runtime/settings/values.ts'
import { type CommandValue, dashed, flagOf, type Parameter, type Parameters } from './command.ts'
import { EVENT_HUB_OPTIONS, KAFKA_OPTIONS, takeTopicFromEventHub } from './kafka-options.ts'
import type { Terminal } from './terminal.ts'

/** Adds the declared arguments and options to a commander command. */
export function declare(command: Command, value: CommandValue, terminal: Terminal): void {
  const { args = {}, options = {} } = value
  command.description(value.about).addHelpText('after', `\n${value.more.trim()}`)
  for (const [name, parameter] of Object.entries(args)) command.addArgument(argumentOf(name, parameter))
  for (const [name, parameter] of Object.entries(options)) command.addOption(optionOf(name, parameter))
  if (!value.withoutKafka) addKafkaOptions(command, terminal)
  command.action(() => {
    const given = Object.keys(options).filter(name => command.getOptionValueSource(name) === 'cli')
    return value.run(valuesOf(command, args, options), terminal, new Set(given))
  })
}

/** Adds the Kafka options to a command that has the option `--env`. */
export function addKafkaOptions(command: Command, terminal: Pick<Terminal, 'environment'>): void {
  const has = (name: string) => command.options.some(option => option.attributeName() === name)
  if (!has('env')) return
  const hasTopic = has('topic')
  for (const [name, parameter] of Object.entries({ ...KAFKA_OPTIONS, ...(hasTopic && EVENT_HUB_OPTIONS) }))
    command.addOption(optionOf(name, parameter).helpGroup('Kafka:'))
  if (hasTopic) takeTopicFromEventHub(command, terminal)
}

function argumentOf(name: string, { description, kind, isRequired, isList }: Parameter<unknown>): Argument {
  const [open, close] = isRequired ? ['<', '>'] : ['[', ']']
  const argument = new Argument(`${open}${dashed(name)}${isList ? '...' : ''}${close}`, description)
  if (!kind) return argument
  const choices = choicesOf(kind)
  return (choices ? argument.choices(choices) : argument).argParser(parserOf(kind, isList))
}

export function optionOf(name: string, parameter: Parameter<unknown>): Option {
  const { description, kind, value, isNegated, isAddress, isRequired, isList, short, initial } = parameter
  const long = flagOf(isNegated ? `no-${name}` : name)
  const flags = [short && `-${short}`, value ? `${long} ${value}` : long].filter(Boolean).join(', ')
  const option = new Option(flags, description)
  if (!kind) return option
  const choices = choicesOf(kind)
  if (choices) option.choices(choices)
  option.argParser(parserOf(kind, isList, isAddress)).makeOptionMandatory(isRequired === true)
  return initial ? option.default(initial.value, initial.shown) : option
}

/** Returns the allowed texts of a kind of value; undefined if they are not a fixed set. */
function choicesOf({ schema }: Kind<unknown>): readonly string[] | undefined {
  const { type, options } = schema as { type: string; options?: readonly string[] }
  return type === 'picklist' ? options : undefined
}

/**
 * Returns the values by name. If a parameter without a default is not given, its value is an empty list for a list, false for a
 * flag, and absent otherwise.
 */
function valuesOf(command: Command, args: Parameters, options: Parameters): Record<string, unknown> {
  const given = command.opts()
  const ofArguments = Object.entries(args).map(([name, { isList }], index) => {
    return [name, command.processedArgs[index] ?? (isList ? [] : undefined)] as const
  })
  const ofOptions = Object.entries(options).map(([name, { isList, kind }]) => {
    return [name, given[name] ?? (isList ? [] : kind ? undefined : false)] as const
  })
  return Object.fromEntries([...ofArguments, ...ofOptions].filter(([, value]) => value !== undefined))
}

/** Placeholder for an invalid value. `requireRightValues` reports it later, so that all values are checked first. */
class WrongValue {
  readonly text: string
  readonly allowed: string

  constructor(text: string, allowed: string) {
    this.text = text
    this.allowed = allowed
  }
}

/**
 * Returns a parser for values of this kind. It returns a placeholder for an invalid value. `requireRightValues` reports the
 * placeholders before the command runs.
 */
function parserOf({ schema, allowed }: Kind<unknown>, isList = false, isAddress = false) {
  const parse = (text: string) => {
    const { success, output } = safeParse(schema, text)
    return success ? output : new WrongValue(isAddress ? withoutLogin(text) : text, allowed)
  }
  return isList ? (text: string, before: unknown = []) => [...(before as unknown[]), parse(text)] : parse
}

/** Replaces the user and password in an address. */
function withoutLogin(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@')
}

/**
 * Checks the arguments and options of a command and its parent commands. If there are invalid values, the command ends with one
 * error line for each of them.
 *
 * @throws CommanderError
 */
export function requireRightValues(command: Command): void {
  const lines = wrongIn(command)
  if (lines.length > 0) command.error(lines.join('\n'))
}

function wrongIn(command: Command): string[] {
  const ofArguments = command.registeredArguments.map(
    (argument, index) => [`argument '${argument.name()}'`, command.processedArgs[index]] as const,
  )
  const ofOptions = command.options.map(
    option => [`option '${option.flags}'`, command.getOptionValue(option.attributeName())] as const,
  )
  const wrong = [...ofArguments, ...ofOptions].flatMap(([where, value]) =>
    [value].flat().flatMap(one => (one instanceof WrongValue ? [lineOf(where, one)] : [])),
  )
  return [...(command.parent ? wrongIn(command.parent) : []), ...wrong]
}

/** Formats an error in the same way as commander. */
function lineOf(where: string, { text, allowed }: WrongValue): string {
  return `error: ${where}: "${text}" is invalid. It must be ${allowed}.`
}
