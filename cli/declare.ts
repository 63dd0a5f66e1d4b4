/** Converts command declarations to commands of commander, which parse the command line and show help. */
import { Argument, type Command, type Option } from 'commander'
import { safeParse } from 'valibot'
import type { Kind } from '#runtime/settings'
import { type Field, type Fields, type Filter, readInitial } from '../control/questions/field.ts'
import { findBrokenRules } from '../control/questions/field-rules.ts'
import { describeInvalid } from '../scripts/command-line.ts'
import { type CommandValue, toFlag, toKebabCase } from './command.ts'
import { EVENT_HUB_OPTIONS, KAFKA_OPTIONS, takeTopicFromEventHub } from './kafka-options.ts'
import { DeclaredOption } from './setting-options.ts'
import type { Terminal } from './terminal.ts'

/** Adds the declared arguments and options to a commander command. */
export function declare(command: Command, value: CommandValue, terminal: Terminal): void {
  command.description(value.about).addHelpText('after', `\n${value.more.trim()}`)
  for (const [name, field] of listArguments(value.fields)) {
    command.addArgument(createArgument(name, field))
    const { flag, ...own } = field.terminal ?? {}
    const option = { ...field, form: { type: 'text', example: '' }, isRequired: false } as const
    if (flag) command.addOption(createOption(flag, { ...option, terminal: { ...own, value: `<${name}>` } }))
  }
  for (const [name, field] of Object.entries(value.fields))
    if (!isArgument(field)) command.addOption(createOption(name, field))
  if (!value.withoutKafka) addKafkaOptions(command, terminal)
  command.action(() => {
    requireRules(command, value)
    return value.run(fields => collectValues(command, value, fields), terminal)
  })
}

/** Returns whether a field is an argument of a command. All others are options. */
export function isArgument({ form }: Field<unknown>): boolean {
  return form.type === 'name'
}

function listArguments(fields: Fields) {
  return Object.entries(fields).filter(([, field]) => isArgument(field))
}

/** Checks the declared rules about options that exclude or need one another. @throws CommanderError */
function requireRules(command: Command, value: CommandValue): void {
  const ofArguments = listArguments(value.fields)
  const argumentNames = ofArguments.map(([name]) => name)
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
  const flags = ofArguments.flatMap(([name, { terminal }]) => (terminal?.flag ? [[name, terminal.flag]] : []))
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
  for (const [name, field] of Object.entries({ ...KAFKA_OPTIONS, ...(topic && EVENT_HUB_OPTIONS) }))
    command.addOption(createOption(name, field).helpGroup('Kafka:'))
  if (topic) takeTopicFromEventHub(command, topic, terminal)
}

function createArgument(
  name: string,
  { about, kind, isRequired, isList, terminal }: Field<unknown>,
): Argument {
  const [open, close] = isRequired && !terminal?.flag ? ['<', '>'] : ['[', ']']
  const argument = new Argument(`${open}${toKebabCase(name)}${isList ? '...' : ''}${close}`, about)
  const choices = getChoices(kind)
  return (choices ? argument.choices(choices) : argument).argParser(createParser(kind, isList))
}

export function createOption(name: string, field: Field<unknown>): Option {
  const { kind, form, isRequired, isList, initial, terminal = {} } = field
  const { short, isNegated, isAddress, value = form.type === 'number' ? '<n>' : `<${form.type}>` } = terminal
  const long = toFlag(isNegated ? `no-${name}` : name)
  const isFlag = form.type === 'flag'
  const flags = [short && `-${short}`, isFlag ? long : `${long} ${value}`].filter(Boolean).join(', ')
  const option = new DeclaredOption(flags, field)
  if (isFlag) return option
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

/** Returns the values of a command's fields. Those that are not given are as in a request. */
function collectValues<Of extends Fields>(
  command: Command,
  { fields: all }: CommandValue,
  fields: Of,
): Filter<Of> {
  const names = listArguments(all).map(([name]) => name)
  const given = Object.entries(fields).map(([name, field]) => {
    const argument = command.processedArgs[names.indexOf(name)]
    return [
      name,
      argument ?? command.getOptionValue(isArgument(field) ? (field.terminal?.flag ?? '') : name),
    ] as const
  })
  return {
    ...readInitial(fields),
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  } as Filter<Of>
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
