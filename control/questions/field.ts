/** Fields of questions, operations and commands: arguments and options, parameters of an address, and fields of a form. */
import { safeParse } from 'valibot'
import { either, instant, type Kind, mapKind, oneOf, text, wholeNumber } from '#runtime/settings'
import { Failure } from '../../lib/support/failure.ts'
import { duration } from '../environment/duration-setting.ts'

export interface Field<Value> {
  /** True if every request must give it. */
  readonly isRequired?: boolean
  /** True if it can be given several times; its value is then a list. */
  readonly isList?: boolean
  /** Value if it is not given, with its text in the help. */
  readonly initial?: { readonly value: Value; readonly shown?: string }
  /** Face that alone has the field; all if absent. */
  readonly only?: 'terminal'
  readonly kind: Kind<Value>
  /** Description after the name of the option, and placeholder of the form's field. */
  readonly about: string
  readonly form: FieldForm
  readonly terminal?: TerminalField
}

/** Members of a field that only commands use. */
interface TerminalField {
  /** Placeholder of an option's value in the help, such as `<n>`; by default, that of the form's type. */
  readonly value?: string
  /** Letter of the short form of the option. */
  readonly short?: string
  /** Name of the option that can be given instead of an argument. */
  readonly flag?: string
  /** True for a flag of the form `--no-…`, whose value is true unless it is given. */
  readonly isNegated?: true
  /** True if the value is an address. Messages do not show its user and password. */
  readonly isAddress?: true
  /** Variable that the option sets. */
  readonly variable?: string
}

/** Field of a form, as data. */
export type FieldForm =
  /** An empty field shows the example. If the value is a whole name, a page offers those that exist. */
  | { readonly type: 'text'; readonly example: string; readonly isName?: true }
  | { readonly type: 'number' }
  | { readonly type: 'duration' }
  /** `otherwise` names the choice that is made if none is given. */
  | { readonly type: 'choice'; readonly values: readonly string[]; readonly otherwise: string }
  /** An exact time is an RFC 3339 time, and any other can also be a duration before now. */
  | { readonly type: 'time'; readonly isExact?: true }
  | FlagForm
  /** Name of a thing: an argument of the command. A page takes it from its address, without a form. */
  | { readonly type: 'name' }

type FlagForm = { readonly type: 'flag' }
type FlagField = Field<boolean> & { readonly form: FlagForm }
type RequiredField<Value> = Field<Value> & { readonly isRequired: true }
type ListField<Value> = Field<Value> & { readonly isList: true }

export type Fields = Readonly<Record<string, Field<unknown>>>

/** Field that has a value in any case: a list that is not given is empty, and a flag false. */
type SureField =
  | RequiredField<unknown>
  | ListField<unknown>
  | FlagField
  | Required<Pick<Field<unknown>, 'initial'>>

type ValueOf<Of> =
  Of extends ListField<infer Value> ? readonly Value[] : Of extends Field<infer Value> ? Value : never

/** Values of a filter. A field without a value is absent. */
export type Filter<Of extends Fields> = {
  readonly [Name in keyof Of as Of[Name] extends SureField ? Name : never]: ValueOf<Of[Name]>
} & {
  readonly [Name in keyof Of as Of[Name] extends SureField ? never : Name]?: ValueOf<Of[Name]>
}

/** Kind for non-empty text. An empty value is rejected, because it usually results from a shell variable that is not set. */
export const SOME_TEXT = text(/\S/, 'a text that is not empty')

/** Returns a field for a text. @param kind which texts are allowed; any by default */
export function textField(about: string, example: string): Field<string>
export function textField<Value>(about: string, example: string, kind: Kind<Value>): Field<Value>
export function textField(about: string, example: string, kind: Kind<unknown> = SOME_TEXT): Field<unknown> {
  return { kind, about, form: { type: 'text', example } }
}

/** Returns a text field whose value is a whole name, such as that of a family. Pages offer the names that exist. */
export function offerNames<Value>(field: Field<Value>): Field<Value> {
  return { ...field, form: { ...field.form, isName: true } as FieldForm }
}

/** Returns the distinct names in order. */
export function listDistinct(names: Iterable<string | null | undefined>): string[] {
  return [...new Set(names)].filter(name => typeof name === 'string').sort()
}

/** Returns a field of commands alone. @param value placeholder in the help */
export function optionField(value: string, about: string): Field<string>
export function optionField<Value>(value: string, about: string, kind: Kind<Value>): Field<Value>
export function optionField(value: string, about: string, kind: Kind<unknown> = SOME_TEXT): Field<unknown> {
  return { kind, about, form: { type: 'text', example: '' }, only: 'terminal', terminal: { value } }
}

/** Returns a field with a value that it has if it is not given. @param shown text of the value in the help */
export function withInitial<Value>(field: Field<Value>, value: NoInfer<Value>, shown?: string) {
  return { ...field, initial: { value, ...(shown && { shown }) } }
}

/** Returns a field with members that only commands use. */
export function inTerminal<Of extends Field<unknown>>(field: Of, terminal: TerminalField): Of {
  return { ...field, terminal: { ...field.terminal, ...terminal } }
}

/** Returns a field that can be given several times. */
export function listField<Value>(field: RequiredField<Value>): RequiredField<Value> & ListField<Value>
export function listField<Value>(field: Field<Value>): ListField<Value>
export function listField<Value>(field: Field<Value>): ListField<Value> {
  return { ...field, isList: true }
}

/** Returns a field that every request must give. */
export function requiredField<Value>(field: Field<Value>): RequiredField<Value> {
  return { ...field, isRequired: true }
}

export function numberField(about: string, kind: Kind<number> = wholeNumber({ least: 0 })): Field<number> {
  return { kind, about, form: { type: 'number' } }
}

/** Returns a field for a duration greater than zero, in milliseconds. */
export function durationField(about: string): Field<number> {
  return { kind: duration(), about, form: { type: 'duration' } }
}

/** Returns a field for the name of a thing, which every request gives. */
export function nameField(about: string): RequiredField<string>
export function nameField<Value>(about: string, kind: Kind<Value>): RequiredField<Value>
export function nameField(about: string, kind: Kind<unknown> = SOME_TEXT): RequiredField<unknown> {
  return { kind, about, form: { type: 'name' }, isRequired: true }
}

/** Returns a field for the name of a thing. Without it, the question is about all of them. */
export function optionalNameField(about: string, kind: Kind<string> = SOME_TEXT): Field<string> {
  return { kind, about, form: { type: 'name' } }
}

/** Returns a field for one of these values. @param otherwise what is chosen if none of them is given */
export function choiceField<const Value extends string>(
  values: readonly Value[],
  about: string,
  otherwise: string,
): Field<Value> {
  return {
    kind: oneOf(values),
    about: `${about} (default: ${otherwise})`,
    form: { type: 'choice', values, otherwise },
  }
}

/** Kind for an RFC 3339 time or a duration before now, in milliseconds since the epoch. */
export const TIME_OR_AGO = either(
  instant(),
  mapKind(duration(), ms => Date.now() - ms),
)

/** Returns a field for a time: an RFC 3339 time, or a duration before now. */
export function timeField(about: string): Field<number> {
  return {
    kind: TIME_OR_AGO,
    about: `${about}: an RFC 3339 time, or a duration before now`,
    form: { type: 'time' },
  }
}

/** Returns a field for an RFC 3339 time. */
export function instantField(about: string): Field<number> {
  return { kind: instant(), about, form: { type: 'time', isExact: true } }
}

/** Checks that the times of a filter are in order. @throws Failure if `until` is not after `since` */
export function requireOrder({
  since,
  until,
}: {
  readonly since?: number | undefined
  readonly until?: number | undefined
}): void {
  if (since !== undefined && until !== undefined && until <= since)
    throw new Failure('until must be later than since.', { isUsage: true })
}

/** Returns a field that is either given or not. */
export function flagField(about: string): FlagField {
  return { kind: mapKind(oneOf(['yes']), () => true), about, form: { type: 'flag' } }
}

/** Texts of a request by the names of fields. A field can be given several times. */
export type Texts = Readonly<Record<string, string | readonly string[]>>

/** Returns the values that fields have if they are not given. */
export function readInitial(fields: Fields): Record<string, unknown> {
  const values = Object.entries(fields).flatMap(([name, { initial, isList, form, terminal }]) =>
    initial || isList || form.type === 'flag'
      ? [[name, initial ? initial.value : isList ? [] : terminal?.isNegated === true] as const]
      : [],
  )
  return Object.fromEntries(values)
}

export interface ReadFilter<Of extends Fields> {
  readonly filter: Filter<Of>
  /** Texts from which the filter was read. */
  readonly texts: Texts
  /** Message for each text that is not valid. */
  readonly errors: readonly string[]
}

/** Reads a filter from the texts of a request. Empty texts count as not given, and those of other names are ignored. */
export function readFilter<Of extends Fields>(fields: Of, given: Texts): ReadFilter<Of> {
  const filter: Record<string, unknown> = readInitial(fields)
  const texts: Record<string, string | readonly string[]> = {}
  const errors: string[] = []
  for (const [name, { kind, isRequired, isList }] of Object.entries(fields)) {
    const own = [given[name] ?? []].flat().filter(text => text !== '')
    const [first] = own
    if (first === undefined && isRequired) errors.push(`${name}: is missing`)
    if (first === undefined) continue
    if (own.length > 1 && !isList) errors.push(`${name}: can be given once`)
    texts[name] = isList ? own : first
    const values = (isList ? own : [first]).flatMap(text => {
      const { success, output } = safeParse(kind.schema, text)
      if (!success) errors.push(`${name}: must be ${kind.allowed}`)
      return success ? [output] : []
    })
    if (values.length > 0) filter[name] = isList ? values : values[0]
  }
  return { filter: filter as Filter<Of>, texts, errors }
}
